import { lstat, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { InputError } from '../base/errors.js';
import { fileError } from '../base/files.js';
import { makerTag, removeStaleFiles } from '../base/stale-files.js';
import { lockRun } from './run-lock.js';

/** Begins the name of a run's folder while it is removed; no run's name begins with a dot. */
const REMOVED = '.removed-';

/**
 * Removes a run's folder with all that is in it. It has another name first, so that no half of a run is ever found.
 *
 * @throws InputError for a run that a process is writing to, a link, and where the system refuses
 */
export async function removeRun(run: string): Promise<void> {
  const folder = resolve(run);
  if ((await lstat(folder)).isSymbolicLink())
    throw new InputError(`${run}: expected a run's folder, got a link to one; remove the folder that it leads to`);
  removeStaleFiles(dirname(folder), (name) => name.startsWith(REMOVED));
  const lock = await lockRun(folder);
  const going = join(dirname(folder), `${REMOVED}${makerTag()}`);
  try {
    await rename(folder, going);
  } catch (error) {
    throw fileError(run, 'cannot be removed', error);
  } finally {
    lock.release();
  }
  await rm(going, { recursive: true, force: true });
}
