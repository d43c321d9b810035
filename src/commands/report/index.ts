import { stat } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import type { DeviceChoice } from '../../tensorflow/gpu-choice.js';
import type { BackendChoice } from '../../tensorflow/backend.js';
import { InputError, messageOf } from '../../base/errors.js';
import { followRun } from '../../report/run-follower.js';
import { serveReport } from '../../report/server.js';
import { writeReport } from '../../report/write-report.js';
import { findRun, noSuchRun } from '../../runs/find-run.js';
import { newestRun, RUNS_FOLDER } from '../../runs/run-folder.js';
import { openOutput, type Output, type OutputOptions } from '../../app/output.js';
import { backendOption, deviceOption } from '../flags.js';
import { formatBytes } from '../../base/format.js';
import { onStopSignals } from '../../base/stop-signals.js';
import { updateTranslations, type EncodeOptions } from '../../report/encode-translations.js';

interface ReportFlags {
  readonly serve?: boolean;
  readonly port: number;
  /** Whether a few held-out sentences are encoded. */
  readonly encode: boolean;
  readonly backend: BackendChoice;
  readonly device: DeviceChoice;
}

const EXAMPLES = `
Examples:
  $ kd report                   the newest run
  $ kd report first --no-encode
  $ kd report --serve           follows it while it trains`;

const DEFAULT_PORT = 8477;

/** `kd report` */
export function reportCommand(): Command {
  return new Command('report')
    .description('write a page about a run: losses, translations, data, settings')
    .argument('[run]', 'a run under checkpoints/, or its folder (default: the newest)')
    .option('--serve', 'show the page on this machine, and keep it up to date while the run trains')
    .option('--port <number>', 'the port to serve it on; 0 for any free port', port, DEFAULT_PORT)
    .option('--no-encode', 'do not encode held-out sentences: no nearest neighbours, no heat map')
    .addOption(backendOption())
    .addOption(deviceOption())
    .addHelpText('after', EXAMPLES)
    .action(async (run: string | undefined, flags: ReportFlags, command: Command) =>
      report(run, flags, openOutput(command.optsWithGlobals<OutputOptions>())),
    );
}

async function report(name: string | undefined, flags: ReportFlags, output: Output): Promise<void> {
  const run = await runOf(name);
  if (flags.serve === true) {
    await serve(run, flags, output);
    return;
  }
  if (flags.encode) await encodeSentences(run, flags, output);
  const page = await writeReport(run);
  const { size } = await stat(page);
  output.result(`${relative('.', page)}: ${formatBytes(size)}, needs nothing else; open it in a browser`, {
    event: 'report',
    report: resolve(page),
    bytes: size,
  });
}

/** Serves the page until it is stopped. */
async function serve(run: string, flags: ReportFlags, output: Output): Promise<void> {
  const server = await serveReport(followRun(run), flags.port);
  const stop = onStopSignals(() => undefined);
  try {
    output.result(`${relative('.', run) || '.'}: ${server.url} (Ctrl-C ends it)`, {
      event: 'serving',
      run: resolve(run),
      url: server.url,
    });
    if (flags.encode) await encodeSentences(run, flags, output);
    if (!stop.signal.aborted)
      await new Promise((done) => {
        stop.signal.addEventListener('abort', done, { once: true });
      });
  } finally {
    stop.dispose();
    await server.close();
  }
}

/** Encodes held-out sentences; a model that cannot be opened leaves them out of the report. */
async function encodeSentences(run: string, options: EncodeOptions, output: Output): Promise<void> {
  try {
    await updateTranslations(run, options, output);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    output.warn(`no translations in the report: ${messageOf(error)}`);
  }
}

/** The folder of the run that is meant. */
async function runOf(name: string | undefined): Promise<string> {
  const folder = name === undefined ? await newestRun() : (await findRun(name))?.folder;
  if (folder !== undefined) return folder;
  if (name === undefined)
    throw new InputError(
      `report: expected a run under ${resolve(RUNS_FOLDER)}, found none; train one with kd train, or name its folder`,
    );
  throw await noSuchRun(`report ${name}`, "the name of a run, or a run's folder");
}

function port(text: string): number {
  const value = text.trim() === '' ? NaN : Number(text);
  if (Number.isInteger(value) && value >= 0 && value < 65536) return value;
  throw new InvalidArgumentError('Expected a whole number from 0 to 65535.');
}
