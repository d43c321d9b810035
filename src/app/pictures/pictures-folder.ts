/** @file The folder for pictures: by default in the encoder's run, or in the current folder if there is no run. */
import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError } from '../../base/system-errors.js';
import { checkIsWritable, makeFolders, removeEmptyFolders } from '../../base/folders.js';
import { PICTURES_FOLDER } from '../../diffusion/pictures.js';
import type { OpenEncoder } from '../open-encoder.js';
import type { GenerateOptions } from './options.js';

/**
 * Returns the folder for pictures, which need not exist yet. Checks that it can be written to first, as drawing may
 * take minutes.
 *
 * @throws InputError if it cannot
 */
export async function picturesFolder({ out }: GenerateOptions, { run }: Pick<OpenEncoder, 'run'>): Promise<string> {
  const folder = out ?? (run === undefined ? PICTURES_FOLDER : join(run, PICTURES_FOLDER));
  await checkIsWritable(folder);
  return folder;
}

/**
 * Creates the folder for pictures if necessary, and checks that it can be written to.
 *
 * @returns a function that removes what was created if there is nothing in it
 */
export async function makePicturesFolder(folder: string): Promise<() => Promise<void>> {
  let made: string | undefined;
  try {
    made = await makeFolders(folder);
  } catch (error) {
    throw fileError(folder, 'cannot be made', error);
  }
  await access(folder, constants.W_OK | constants.X_OK).catch((error: unknown) => {
    throw fileError(folder, 'cannot be written', error);
  });
  return async () => {
    if (made !== undefined) await removeEmptyFolders(folder, made);
  };
}
