/** @file `checkpoints/.prepared/`: the token stores that `kd train` makes from raw data, and which no run uses. */
import { lstat, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesIn } from '../base/disk-space.js';
import { formatBytes, formatCounted } from '../base/format.js';
import { KD } from '../base/own-command.js';
import { makerTag, removeStaleFiles } from '../base/stale-files.js';
import { fileError, isMissing } from '../base/system-errors.js';
import { isPartialStore } from '../data/store/store-folder.js';
import { isInUse, isUseMark } from '../data/store/store-use.js';
import { configText, runsUnder } from './run-list.js';
import { RUNS_FOLDER } from './run-names.js';

/** Where these stores are kept, next to the runs. */
export const STORES_FOLDER = join(RUNS_FOLDER, '.prepared');

/** The names of stores: a hash of files, options and tokenizers. */
const STORE_NAME = /^[0-9a-f]{16}$/;

/** Prefix of a store while it is being removed. */
const REMOVED = '.removed-';

/** A store that no run names and no process uses. */
export interface UnusedStore {
  readonly folder: string;
  readonly bytes: number;
}

/**
 * The stores that no run under `checkpoints/` names and no process uses. None if `.prepared` is a link, as runs in
 * other places may then share it.
 *
 * @throws InputError for a run whose configuration cannot be read, as it may name any store
 */
export async function unusedStores(): Promise<UnusedStore[]> {
  const names = await storeNames();
  if (names.length === 0) return [];
  const configs = await Promise.all((await runsUnder(RUNS_FOLDER)).map((run) => configOf(join(RUNS_FOLDER, run))));
  const unnamed = names.filter((name) => !configs.some((config) => config.includes(name)));
  const folders = unnamed.map((name) => join(STORES_FOLDER, name)).filter((folder) => !isBusy(folder));
  return Promise.all(folders.map(async (folder) => ({ folder, bytes: await bytesIn(folder) })));
}

/** `checkpoints/.prepared: 1.2 GB in 3 preparations that no run uses; remove them with: kd runs --remove-prepared` */
export function unusedText(stores: readonly UnusedStore[]): string {
  const which = stores.length === 1 ? 'it' : 'them';
  return `${STORES_FOLDER}: ${amountOf(stores)}; remove ${which} with: ${KD} runs --remove-prepared`;
}

/** Why `unusedStores` finds none: `checkpoints/.prepared: nothing to remove; all prepared data is in use` */
export async function noneUnusedText(): Promise<string> {
  if (await isLink())
    return `${STORES_FOLDER}: nothing is removed; it is a link, and runs elsewhere may use its target`;
  const why = (await storeNames()).length === 0 ? 'no data has been prepared there' : 'all prepared data is in use';
  return `${STORES_FOLDER}: nothing to remove; ${why}`;
}

/** `1.2 GB in 3 preparations that no run uses` */
export function amountOf(stores: readonly UnusedStore[]): string {
  return `${formatBytes(bytesOf(stores))} in ${formatCounted(stores.length, 'preparation')} that no run uses`;
}

const bytesOf = (stores: readonly UnusedStore[]): number => stores.reduce((sum, { bytes }) => sum + bytes, 0);

async function configOf(run: string): Promise<string> {
  return configText(run).catch((error: unknown) => {
    if (isMissing(error)) return '';
    throw error;
  });
}

async function isLink(): Promise<boolean> {
  return lstat(STORES_FOLDER).then(
    (stats) => stats.isSymbolicLink(),
    () => false,
  );
}

async function storeNames(): Promise<string[]> {
  try {
    if (await isLink()) return [];
    const entries = await readdir(STORES_FOLDER, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory() && STORE_NAME.test(entry.name)).map(({ name }) => name);
  } catch (error) {
    if (isMissing(error)) return [];
    throw fileError(STORES_FOLDER, 'cannot be read', error);
  }
}

/** Whether a process may be using or making a store. */
function isBusy(folder: string): boolean {
  try {
    return isInUse(folder, (name) => isUseMark(name) || isPartialStore(name));
  } catch {
    return true; // it cannot be looked at, or was removed meanwhile
  }
}

/**
 * Removes unused stores, except those that a process has begun to use meanwhile.
 *
 * @returns the folders that were removed, and a line that says so
 * @throws InputError if the system refuses
 */
export async function removeStores(
  stores: readonly UnusedStore[],
): Promise<{ readonly stores: string[]; readonly bytes: number; readonly text: string }> {
  removeStaleFiles(STORES_FOLDER, (name) => name.startsWith(REMOVED));
  const removed: UnusedStore[] = [];
  for (const store of stores) if (await removeStore(store.folder)) removed.push(store);
  const text = `removed ${formatCounted(removed.length, 'preparation')}: ${formatBytes(bytesOf(removed))}`;
  return { stores: removed.map(({ folder }) => folder), bytes: bytesOf(removed), text };
}

/**
 * Removes a store; returns false if it is in use. It is renamed first, so that no process begins to use a part of it,
 * and gets its name back if one had just begun.
 */
async function removeStore(folder: string): Promise<boolean> {
  const going = join(STORES_FOLDER, `${REMOVED}${makerTag()}`);
  try {
    await rename(folder, going);
    if (isBusy(going)) {
      await rename(going, folder).catch(() => undefined); // another has been made there: its users keep this one open
      return false;
    }
    await rm(going, { recursive: true, force: true });
    return true;
  } catch (error) {
    throw fileError(folder, 'cannot be removed', error);
  }
}
