/** @file Marks a token store as in use, so that another process does not remove it as one that nobody needs. */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { removeIfPossible } from '../../base/exit-removal.js';
import { isStale, makerTag, removeStaleFiles } from '../../base/stale-files.js';

/** The prefix of the files that name the processes which use a store. */
const IN_USE = '.in-use-';

/** Whether a name in a store's folder is that of such a file. */
export function isUseMark(name: string): boolean {
  return name.startsWith(IN_USE);
}

/**
 * Marks a store as used by this process, as far as the system allows.
 *
 * @returns a function that removes the mark; a process that exits without calling it leaves one that no longer counts
 */
export function markInUse(store: string): () => void {
  const path = join(store, `${IN_USE}${makerTag()}`);
  try {
    removeStaleFiles(store, isUseMark);
    writeFileSync(path, '', { flag: 'wx' });
  } catch {
    return () => undefined; // it is not there, or this user cannot write there, nor remove it
  }
  return () => {
    removeIfPossible(path); // without this process, it does not count
  };
}

/** Whether a process that may be running uses a folder in some way that a name in it tells. */
export function isInUse(store: string, isMark: (name: string) => boolean = isUseMark): boolean {
  return readdirSync(store).some((name) => isMark(name) && !isStale(store, name));
}
