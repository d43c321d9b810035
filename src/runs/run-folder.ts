/** @file `checkpoints/<run>/`: where a run keeps all that it writes. */
import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { InputError } from '../errors.js';
import { fileError, writeFileAtomic } from '../files.js';
import { shellQuote } from '../shell.js';

/** The folder of all runs, under the current directory. */
export const RUNS_FOLDER = 'checkpoints';

/** The file that makes a folder a run: its options, versions and data. */
export const RUN_CONFIG = 'config.json';

/** Names of small files that name a checkpoint of the run. */
export const POINTERS = ['best', 'last'] as const;
export type Pointer = (typeof POINTERS)[number];

/** A run's name from its start: `2026-11-22-103000`, in local time. */
export function defaultRunName(now: Date): string {
  const digits = (value: number): string => String(value).padStart(2, '0');
  const date = [now.getFullYear(), digits(now.getMonth() + 1), digits(now.getDate())];
  const time = [now.getHours(), now.getMinutes(), now.getSeconds()].map(digits);
  return [...date, time.join('')].join('-');
}

/**
 * Checks that a run of this name can be started.
 *
 * @returns its folder's absolute path
 * @throws InputError for a name that is not one folder's name, or a run that is already there
 */
export async function checkRunIsNew(name: string): Promise<string> {
  if (name === '' || name !== basename(name) || name === '.' || name === '..') {
    throw new InputError(`--run: expected the name of a folder under ${RUNS_FOLDER}/, got ${JSON.stringify(name)}`);
  }
  const folder = resolve(RUNS_FOLDER, name);
  await checkIsNoRun(folder);
  return folder;
}

async function checkIsNoRun(folder: string): Promise<void> {
  if ((await startOf(folder)) === undefined) return;
  const name = basename(folder);
  throw new InputError(
    `${join(RUNS_FOLDER, name)}: expected no run there yet, found one; go on with it by --resume ${shellQuote(name)}, choose another --run, or delete it`,
  );
}

/**
 * Makes the folder of a new run, where there is none yet.
 *
 * @returns the folder's absolute path
 * @throws InputError as `checkRunIsNew`, and where the system refuses
 */
export async function makeRunFolder(name: string): Promise<string> {
  const folder = await checkRunIsNew(name);
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw fileError(folder, 'cannot be made', error);
  }
  return folder;
}

/**
 * Writes the configuration that makes a folder a new run's. Only under the run's lock, so that of two processes one does.
 *
 * @throws InputError as `checkRunIsNew`, and where the system refuses
 */
export async function beginRun(folder: string, config: object): Promise<void> {
  await checkIsNoRun(folder);
  await writeFileAtomic(
    join(folder, RUN_CONFIG),
    `${JSON.stringify({ order: await nextOrder(folder), ...config }, null, 2)}\n`,
  );
}

/** Points `best` or `last` at a checkpoint of the run. */
export async function pointAt(run: string, pointer: Pointer, checkpoint: string): Promise<void> {
  await writeFileAtomic(join(run, pointer), `${checkpoint}\n`);
}

/** The checkpoint that `best` or `last` names, or undefined where there is none yet. */
export async function pointedAt(run: string, pointer: Pointer): Promise<string | undefined> {
  const text = await readFile(join(run, pointer), 'utf8').catch(() => undefined);
  const name = text?.trim();
  return name === undefined || name === '' ? undefined : name;
}

/** Where a run stands among those under one root. */
interface Start {
  /** Higher than that of all runs which were begun or gone on with before; 0 where the configuration does not tell. */
  readonly order: number;
  /** When its configuration was written, in milliseconds since 1970. */
  readonly time: number;
}

/**
 * The folder of the run under `root` that was begun or gone on with last, by the order that the runs' configurations keep: a clock
 * that is set back does not matter. Those that keep none come after the others, by their configuration's time.
 *
 * @returns undefined where there is no run
 */
export async function newestRun(root: string = RUNS_FOLDER): Promise<string | undefined> {
  const [newest] = (await startsUnder(root)).sort(
    (a, b) => b.start.order - a.start.order || b.start.time - a.start.time,
  );
  return newest?.folder;
}

/** The order of a run that is begun or gone on with now. */
export async function nextOrder(run: string): Promise<number> {
  const starts = await startsUnder(dirname(run));
  return 1 + starts.reduce((highest, { start }) => Math.max(highest, start.order), 0);
}

async function startsUnder(root: string): Promise<{ folder: string; start: Start }[]> {
  const folders = (await readdir(root).catch(() => [])).map((name) => join(root, name));
  const starts = await Promise.all(folders.map(async (folder) => ({ folder, start: await startOf(folder) })));
  return starts.filter((each): each is { folder: string; start: Start } => each.start !== undefined);
}

/** Where a run stands; undefined for a folder that is none. */
async function startOf(folder: string): Promise<Start | undefined> {
  const path = join(folder, RUN_CONFIG);
  try {
    const { mtimeMs } = await stat(path);
    return { order: orderIn(await readFile(path, 'utf8')), time: mtimeMs };
  } catch {
    return undefined;
  }
}

function orderIn(config: string): number {
  try {
    const { order } = JSON.parse(config) as { readonly order?: unknown };
    return Number.isSafeInteger(order) ? (order as number) : 0;
  } catch {
    return 0;
  }
}
