/** @file Folders in the system's temporary folder. */
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InputError } from './errors.js';
import { forget, removeIfPossible, removeOnExit } from './exit-removal.js';
import { makerTag, removeStaleFiles } from './stale-files.js';
import { adviseTmpdir, systemReason } from './system-errors.js';

/**
 * Creates a folder in the system's temporary folder that only this user can access. Removes those with the same prefix
 * that killed processes left behind.
 *
 * @throws InputError if the system has no such folder, or it cannot be written to
 */
export function makeTemporaryFolder(prefix: string): string {
  removeStaleFiles(tmpdir(), (name) => name.startsWith(prefix));
  const folder = join(tmpdir(), `${prefix}${makerTag()}`);
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    const reason = systemReason(error);
    if (reason === undefined) throw error;
    throw new InputError(
      `${tmpdir()}: expected a folder for temporary files, but nothing can be made there: ${reason}; ` +
        'name another in TMPDIR',
    );
  }
  adviseTmpdir(folder);
  return folder;
}

/** Creates a temporary folder that is removed when the process exits, unless `removeFolder` removes it before. */
export function folderUntilExit(): string {
  const folder = makeTemporaryFolder('kd-work-');
  removeOnExit(folder);
  return folder;
}

/** Removes a folder from `folderUntilExit`, with all that is in it. */
export function removeFolder(folder: string): void {
  removeIfPossible(folder);
  forget(folder);
}
