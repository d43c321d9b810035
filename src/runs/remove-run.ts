import { lstat, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { InputError } from '../base/errors.js';
import { fileError } from '../base/system-errors.js';
import { makerTag, removeStaleFiles } from '../base/stale-files.js';
import { lockRun } from './run-lock.js';

/** Prefix of a run's folder while it is being removed; run names never begin with a dot. */
const REMOVED = '.removed-';

/**
 * Removes a run's folder and everything in it. The folder is renamed first, so that no partial run can be found.
 *
 * @throws InputError for a run that a process is writing, for a link, and if the system refuses
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
