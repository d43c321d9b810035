/** @file `checkpoints/<run>/`: the folder of everything that a run writes. */
import { readdirSync, rmdirSync, type Stats } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { InputError } from '../base/errors.js';
import { removeIfPossible } from '../base/exit-removal.js';
import { writeFileAtomic } from '../base/files.js';
import { formatDay, twoDigits } from '../base/format.js';
import { fileError, isMissing } from '../base/system-errors.js';
import { makeFolders } from '../base/folders.js';
import { shellQuote } from '../base/shell.js';
import { readRegularFile } from '../base/regular-file.js';
import { LOG_FILES } from './loss-log.js';
import { nextOrder } from './run-list.js';
import { checkRunName, isStepName, RUN_CONFIG, RUNS_FOLDER, type Pointer } from './run-names.js';

export { POINTERS, RUN_CONFIG, RUNS_FOLDER, type Pointer } from './run-names.js';
export { newestRun, runsUnder } from './run-list.js';

/** A run name from its start time: `2026-11-22-103000`, in local time. */
export function defaultRunName(now: Date): string {
  const time = [now.getHours(), now.getMinutes(), now.getSeconds()].map(twoDigits);
  return `${formatDay(now)}-${time.join('')}`;
}

/**
 * Checks that a run with this name can be started.
 *
 * @returns its folder's absolute path
 * @throws InputError for an unusable name, or an existing run
 */
export async function checkRunIsNew(name: string): Promise<string> {
  checkRunName(name);
  const folder = resolve(RUNS_FOLDER, name);
  await checkIsNoRun(folder);
  return folder;
}

async function checkIsNoRun(folder: string): Promise<void> {
  const place = join(RUNS_FOLDER, basename(folder));
  const stats = await statIfThere(folder);
  if (stats?.isDirectory() === false)
    throw new InputError(`${place}: expected a folder or nothing there, found a file; choose another --run`);
  if ((await statIfThere(join(folder, RUN_CONFIG))) === undefined) {
    const left = stats && (await findLeft(folder));
    if (left === undefined) return;
    throw new InputError(
      `${place}: expected no run there yet, found ${left}, but no ${RUN_CONFIG}; choose another --run, or move it away`,
    );
  }
  const name = shellQuote(basename(folder));
  throw new InputError(
    `${place}: expected no run there yet, found one; ` +
      `resume it with --resume ${name}, choose another --run, or delete it`,
  );
}

/** A left-over checkpoint or log in a folder: a new run could not save its own, or would mix with it. */
async function findLeft(folder: string): Promise<string | undefined> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    throw fileError(folder, 'cannot be read', error);
  });
  const isLog = (name: string): boolean => (LOG_FILES as readonly string[]).includes(name);
  return entries.find((entry) => isStepName(entry.name) || (entry.isFile() && isLog(entry.name)))?.name;
}

/** Throws an `InputError` if the system cannot say whether the path exists. */
async function statIfThere(path: string): Promise<Stats | undefined> {
  return stat(path).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw fileError(path, 'cannot be read', error);
  });
}

/**
 * Creates the folder of a new run, if it does not exist yet.
 *
 * @returns the folder's absolute path
 * @throws InputError as `checkRunIsNew`, and if the system refuses
 */
export async function makeRunFolder(name: string): Promise<string> {
  const folder = await checkRunIsNew(name);
  try {
    await makeFolders(folder);
  } catch (error) {
    throw fileError(folder, 'cannot be made', error);
  }
  return folder;
}

/**
 * Writes the configuration that turns a folder into a new run. Call it under the run's lock, so that only one of two
 * processes does.
 *
 * @throws InputError as `checkRunIsNew`, and if the system refuses
 */
export async function beginRun(folder: string, config: object): Promise<void> {
  await checkIsNoRun(folder);
  await writeFileAtomic(
    join(folder, RUN_CONFIG),
    `${JSON.stringify({ order: await nextOrder(folder), ...config }, null, 2)}\n`,
  );
}

/**
 * Removes a run that has not taken a step. Call it under the run's lock.
 *
 * @param before the names in its folder before the run began
 */
export function discardRun(folder: string, before: readonly string[]): void {
  const own = readdirSync(folder).filter((name) => !before.includes(name));
  for (const name of own) removeIfPossible(join(folder, name));
}

/** Removes a run's folder and the folder of all runs, if they are empty. */
export function removeIfEmpty(folder: string): void {
  try {
    for (const each of [folder, dirname(folder)]) rmdirSync(each);
  } catch {
    // not empty
  }
}

/** Makes `best` or `last` name no checkpoint. */
export async function removePointer(run: string, pointer: Pointer): Promise<void> {
  await rm(join(run, pointer), { force: true });
}

/** Points `best` or `last` at a checkpoint of the run. */
export async function writePointer(run: string, pointer: Pointer, checkpoint: string): Promise<void> {
  await writeFileAtomic(join(run, pointer), `${checkpoint}\n`);
}

/** More than any pointer holds. */
const LARGEST_POINTER = 1000;

/**
 * The checkpoint that `best` or `last` names, whether or not it exists; undefined if the pointer is missing or damaged.
 */
export async function pointerTarget(run: string, pointer: Pointer): Promise<string | undefined> {
  return (await readPointer(run, pointer)) ?? undefined;
}

/** The same, but null for a damaged pointer. */
export async function readPointer(run: string, pointer: Pointer): Promise<string | null | undefined> {
  try {
    const name = (await readRegularFile(join(run, pointer), LARGEST_POINTER)).toString().trim();
    return isStepName(name) ? name : null;
  } catch (error) {
    return isMissing(error) ? undefined : null;
  }
}
