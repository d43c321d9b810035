/** @file `checkpoints/<run>/`: where a run keeps all that it writes. */
import { constants, type Stats } from 'node:fs';
import { access, mkdir, readdir, readFile, rm, rmdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { InputError } from '../errors.js';
import { fileError, writeFileAtomic } from '../files.js';
import { shellQuote } from '../shell.js';
import { nearestFolder } from '../disk-space.js';
import { checkRunName, RUNS_FOLDER, type Pointer } from './run-names.js';

export { POINTERS, RUNS_FOLDER, type Pointer } from './run-names.js';

/** The file that makes a folder a run: its options, versions and data. */
export const RUN_CONFIG = 'config.json';

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
 * @throws InputError for a name that no command could find it by, or a run that is already there
 */
export async function checkRunIsNew(name: string): Promise<string> {
  checkRunName(name);
  const folder = resolve(RUNS_FOLDER, name);
  await checkIsNoRun(folder);
  return folder;
}

/** Throws an `InputError` where a folder, or the one over it that there is, may not be written in. */
export async function checkIsWritable(folder: string): Promise<void> {
  const parent = await nearestFolder(folder);
  await access(parent, constants.W_OK | constants.X_OK).catch((error: unknown) => {
    throw fileError(folder, 'cannot be written', error);
  });
}

async function checkIsNoRun(folder: string): Promise<void> {
  const place = join(RUNS_FOLDER, basename(folder));
  const stats = await statIfThere(folder);
  if (stats?.isDirectory() === false)
    throw new InputError(`${place}: expected a folder or nothing there, found a file; choose another --run`);
  if ((await statIfThere(join(folder, RUN_CONFIG))) === undefined) return;
  const name = shellQuote(basename(folder));
  throw new InputError(
    `${place}: expected no run there yet, found one; go on with it by --resume ${name}, choose another --run, or delete it`,
  );
}

/** Throws an `InputError` where the system does not say whether something is there. */
async function statIfThere(path: string): Promise<Stats | undefined> {
  return stat(path).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw fileError(path, 'cannot be read', error);
  });
}

function isMissing(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');
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

/**
 * Takes back a run that has not taken a step. Only under the run's lock.
 *
 * @param before the names in its folder before it began
 */
export async function takeBackRun(folder: string, before: readonly string[]): Promise<void> {
  const own = (await readdir(folder)).filter((name) => !before.includes(name));
  for (const name of own) await rm(join(folder, name), { recursive: true, force: true });
}

/** Removes a run's folder, and that of all runs, where there is nothing in them. */
export async function removeIfEmpty(folder: string): Promise<void> {
  for (const each of [folder, dirname(folder)]) {
    const isGone = await rmdir(each).then(
      () => true,
      () => false,
    );
    if (!isGone) return;
  }
}

/** Makes `best` or `last` name no checkpoint. */
export async function pointNowhere(run: string, pointer: Pointer): Promise<void> {
  await rm(join(run, pointer), { force: true });
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
  const [newest] = await runsUnder(root);
  return newest === undefined ? undefined : join(root, newest);
}

/** The names of the runs under `root`, ordered as in `newestRun`, the newest first. */
export async function runsUnder(root: string): Promise<string[]> {
  const starts = await startsUnder(root);
  return starts
    .sort((a, b) => b.start.order - a.start.order || b.start.time - a.start.time)
    .map(({ folder }) => basename(folder));
}

/** The order of a run that is begun or gone on with now. */
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
