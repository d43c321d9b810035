/** @file Which folders are runs, and in which order they were last started or resumed. */
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileError, isMissing } from '../base/system-errors.js';
import { anyObject } from '../base/json-schema.js';
import { soundJson } from '../base/parse-json.js';
import { readRegularFile } from '../base/regular-file.js';
import { isStepName, RUN_CONFIG, RUNS_FOLDER } from './run-names.js';

/** Far more than any run's configuration. */
export const LARGEST_CONFIG = 10_000_000;

/**
 * Whether a folder is a run, even one with a damaged configuration. A model folder also has a `config.json`, but no
 * settings in it and no checkpoints beside it.
 *
 * @throws InputError for a configuration that cannot be read
 */
export async function isRun(folder: string): Promise<boolean> {
  return (await configOf(folder)) !== undefined;
}

/** The bytes of a run's configuration, empty if it is not available; undefined for a folder that is not a run. */
async function configOf(folder: string): Promise<Buffer | undefined> {
  const bytes = await readRegularFile(join(folder, RUN_CONFIG), LARGEST_CONFIG).catch((error: unknown) => {
    const { cause } = error as { readonly cause?: NodeJS.ErrnoException };
    if (FORBIDDEN.includes(cause?.code ?? '')) throw error;
    return Buffer.alloc(0);
  });
  if (bytes.includes('"settings"')) return bytes;
  const names = await readdir(folder).catch(() => []);
  return names.some(isStepName) ? bytes : undefined;
}

/**
 * The text of a run's configuration, even a damaged one.
 *
 * @throws InputError if it cannot be read
 */
export async function configText(folder: string): Promise<string> {
  return (await readRegularFile(join(folder, RUN_CONFIG), LARGEST_CONFIG)).toString('utf8');
}

/** System errors for a path that exists but cannot be read. */
const FORBIDDEN = ['EACCES', 'EPERM', 'EMFILE', 'ENFILE', 'EIO'];

/** A run's position in the order of runs under a folder. */
interface Start {
  /** Higher than that of all runs started or resumed before; 0 if the configuration has none. */
  readonly order: number;
  /** When its configuration was written, in milliseconds since 1970. */
  readonly time: number;
}

/**
 * The folder of the run under `root` that was last started or resumed. The order is kept in the runs' configurations,
 * so that a clock that was set back does not matter. Runs without it come after the others, sorted by the time of their
 * configuration.
 *
 * @returns undefined if there is no run
 */
export async function newestRun(root: string = RUNS_FOLDER): Promise<string | undefined> {
  const [newest] = await runsUnder(root);
  return newest === undefined ? undefined : join(root, newest);
}

/** The names of the runs under `root`, ordered as in `newestRun`, newest first. */
export async function runsUnder(root: string): Promise<string[]> {
  const starts = await startsUnder(root);
  return starts
    .sort((a, b) => b.start.order - a.start.order || b.start.time - a.start.time)
    .map(({ folder }) => basename(folder));
}

/** The order of a run that is started or resumed now. */
export async function nextOrder(run: string): Promise<number> {
  const starts = await startsUnder(dirname(run));
  return 1 + starts.reduce((highest, { start }) => Math.max(highest, start.order), 0);
}

async function startsUnder(root: string): Promise<{ folder: string; start: Start }[]> {
  const names = await readdir(root).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw fileError(root, 'cannot be read', error);
  });
  const folders = names.map((name) => join(root, name));
  const starts = await Promise.all(folders.map(async (folder) => ({ folder, start: await startOf(folder) })));
  return starts.filter((each): each is { folder: string; start: Start } => each.start !== undefined);
}

/** A folder's position in the order; undefined if it is not a run or cannot be read. */
async function startOf(folder: string): Promise<Start | undefined> {
  try {
    const config = await configOf(folder);
    if (config === undefined) return undefined;
    return { order: orderIn(config.toString('utf8')), time: await timeOf(folder) };
  } catch {
    return undefined;
  }
}

/** When a run's configuration was written, or its folder if it has none, in milliseconds since 1970. */
async function timeOf(folder: string): Promise<number> {
  const { mtimeMs } = await stat(join(folder, RUN_CONFIG)).catch(() => stat(folder));
  return mtimeMs;
}

function orderIn(config: string): number {
  const order = soundJson(anyObject, config)?.order;
  return Number.isSafeInteger(order) ? (order as number) : 0;
}
