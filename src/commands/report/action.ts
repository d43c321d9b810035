/** @file What `kd report` does. */
import { KD } from '../../base/own-command.js';
import { stat } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import type { DeviceChoice } from '../../tensorflow/device-choice.js';
import type { BackendChoice } from '../../tensorflow/backend-choice.js';
import { InputError, messageOf } from '../../base/errors.js';
import { followRun } from '../../report/run-follower.js';
import { comparisonObject, comparisonText } from '../../report/comparison-text.js';
import { serveSite, siteOfRun, type Site } from '../../report/server.js';
import { siteOfComparison, siteOfRuns } from '../../report/sites.js';
import { writeComparison, writeReport } from '../../report/write-report.js';
import { findRun, noSuchRun } from '../../runs/find-run.js';
import { newestRun, RUNS_FOLDER } from '../../runs/run-folder.js';
import type { Output } from '../../app/output.js';
import { formatBytes } from '../../base/format.js';
import { onStopSignals } from '../../base/stop-signals.js';
import { updateTranslations, type EncodeOptions } from '../../report/update-translations.js';

/** The flags of `kd report`. */
export interface ReportFlags {
  readonly serve?: boolean;
  readonly port: number;
  /** Whether to encode a few held-out sentences. */
  readonly encode: boolean;
  readonly backend: BackendChoice;
  readonly device: DeviceChoice;
}

/** Writes or serves a page about runs, by default about the newest. */
export async function report(names: readonly string[], flags: ReportFlags, output: Output): Promise<void> {
  if (flags.serve === true && names.length === 0) {
    await serve({ site: siteOfRuns(), folder: RUNS_FOLDER, encoded: await newestRun() }, flags, output);
    return;
  }
  const [first, ...others] = names.length === 0 ? [await runOf(undefined)] : await foldersOf(names);
  if (flags.serve === true && others.length > 0)
    await serve({ site: siteOfComparison([first!, ...others]), folder: RUNS_FOLDER }, flags, output);
  else if (flags.serve === true)
    await serve({ site: siteOfRun(followRun(first!)), folder: first!, encoded: first! }, flags, output);
  else if (others.length > 0) await compare([first!, ...others], output);
  else await write(first!, flags, output);
}

async function write(run: string, flags: ReportFlags, output: Output): Promise<void> {
  if (flags.encode) await encodeSentences(run, flags, output);
  const page = await writeReport(run);
  const { size } = await stat(page);
  output.result(pageLine(page, size), { event: 'report', report: resolve(page), bytes: size });
}

/** Writes a page about several runs and prints the comparison. */
async function compare(runs: readonly string[], output: Output): Promise<void> {
  const { page, comparison } = await writeComparison(runs);
  const { size } = await stat(page);
  output.result(`${comparisonText(comparison, output.columns)}\n\n${pageLine(page, size)}`, {
    event: 'comparison',
    report: resolve(page),
    bytes: size,
    ...comparisonObject(comparison),
  });
}

function pageLine(page: string, bytes: number): string {
  return `${relative('.', page)}: ${formatBytes(bytes)}, needs nothing else; open it in a browser`;
}

interface Served {
  readonly site: Site;
  /** The folder being served. */
  readonly folder: string;
  /** The run whose sentences are encoded. */
  readonly encoded?: string | undefined;
}

/** Serves pages until it is stopped. */
async function serve({ site, folder, encoded }: Served, flags: ReportFlags, output: Output): Promise<void> {
  const server = await serveSite(site, flags.port);
  const stop = onStopSignals({ onRequest: () => undefined });
  try {
    output.result(`${relative('.', folder) || '.'}: ${server.url} (Ctrl-C ends it)`, {
      event: 'serving',
      run: resolve(folder),
      url: server.url,
    });
    if (flags.encode && encoded !== undefined) await encodeSentences(encoded, flags, output);
    if (!stop.signal.aborted)
      await new Promise((done) => {
        stop.signal.addEventListener('abort', done, { once: true });
      });
  } finally {
    stop.dispose();
    await server.close();
  }
}

/** Encodes held-out sentences. If the model cannot be opened, the report goes without them. */
async function encodeSentences(run: string, options: EncodeOptions, output: Output): Promise<void> {
  try {
    await updateTranslations(run, options, output);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    output.warn(`no translations in the report: ${messageOf(error)}`);
  }
}

/** The folders of the named runs, without duplicates. */
async function foldersOf(names: readonly string[]): Promise<string[]> {
  const folders: string[] = [];
  for (const name of names) folders.push(await runOf(name));
  return folders.filter((folder, i) => folders.findIndex((other) => resolve(other) === resolve(folder)) === i);
}

/** The folder of the named run, or of the newest. */
async function runOf(name: string | undefined): Promise<string> {
  const folder = name === undefined ? await newestRun() : (await findRun(name))?.folder;
  if (folder !== undefined) return folder;
  if (name === undefined)
    throw new InputError(
      `report: expected a run under ${resolve(RUNS_FOLDER)}, found none; ` +
        `train one with ${KD} train, or name its folder`,
    );
  throw await noSuchRun(`report ${name}`, "the name of a run, or a run's folder");
}
