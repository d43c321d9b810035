/** @file The files that resuming a run reads and writes, other than its checkpoints. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError } from '../base/system-errors.js';
import { checkIfFile } from '../base/regular-file.js';
import { LOG_FILES } from './loss-log.js';
import { ENDED_FILE } from './run-ending.js';
import { POINTERS, RUN_CONFIG } from './run-folder.js';
import { isEventFile } from './tensorboard.js';

/**
 * Checks that all of them can be read and written, or created. Changes nothing.
 *
 * @throws InputError for the first that cannot
 */
export async function checkRunFiles(run: string): Promise<void> {
  const names = await readdir(run).catch((error: unknown) => {
    throw fileError(run, 'cannot be read', error);
  });
  for (const name of [RUN_CONFIG, ENDED_FILE, ...POINTERS, ...LOG_FILES, ...names.filter(isEventFile)])
    await checkIfFile(join(run, name));
}
