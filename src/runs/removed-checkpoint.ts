/** @file Checkpoints that training removes (`--keep`) while another command is about to read them. */
import { basename, dirname, relative } from 'node:path';
import { InputError } from '../base/errors.js';
import { exists } from '../base/existence.js';
import { CHECKPOINT, checkpointNames } from './checkpoint-names.js';
import { isRun } from './run-list.js';

/** A run's checkpoint no longer exists. */
export class CheckpointRemovedError extends InputError {
  override readonly code = 'CHECKPOINT_REMOVED';
}

/**
 * The error for a checkpoint's folder that no longer exists; it names the existing ones.
 *
 * @returns undefined if the folder exists, or its name is not a checkpoint's
 */
export async function removedCheckpoint(folder: string, flag: string): Promise<CheckpointRemovedError | undefined> {
  const [run, name] = [dirname(folder), basename(folder)];
  if (!CHECKPOINT.test(name) || (await exists(folder)) || !(await isRun(run))) return undefined;
  const left = await checkpointNames(run);
  const where = relative('.', run) || '.';
  const there = left.length === 0 ? 'none' : left.reverse().join(', ');
  return new CheckpointRemovedError(
    `${flag}: expected ${name} in ${where}, which training has removed or never wrote: ` +
      `it keeps the newest (--keep) and the best; there are ${there}`,
  );
}

/**
 * Does work that reads a checkpoint.
 *
 * @throws CheckpointRemovedError if the work failed and the checkpoint no longer exists; otherwise what the work throws
 */
export async function whileThere<T>(folder: string, flag: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw (await removedCheckpoint(folder, flag)) ?? error;
  }
}
