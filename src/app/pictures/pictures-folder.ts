/** @file The folder where pictures go: in the encoder's run, else in the current folder, or where the user says. */
import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { fileError } from '../../base/system-errors.js';
import { checkIsWritable, makeFolders } from '../../base/folders.js';
import { PICTURES_FOLDER } from '../../diffusion/pictures.js';
import type { OpenEncoder } from '../open-encoder.js';
import type { GenerateOptions } from './options.js';

/**
 * The folder for pictures, which need not be there yet. It is checked to take files, as drawing may take minutes.
 *
 * @throws InputError where it does not
 */
export async function picturesFolder({ out }: GenerateOptions, { run }: Pick<OpenEncoder, 'run'>): Promise<string> {
  const folder = out ?? (run === undefined ? PICTURES_FOLDER : join(run, PICTURES_FOLDER));
  await checkIsWritable(folder);
  return folder;
}

/** Makes the folder for pictures if it is not there, and sees it take files, as far as the system tells. */
export async function makePicturesFolder(folder: string): Promise<void> {
  try {
    await makeFolders(folder);
  } catch (error) {
    throw fileError(folder, 'cannot be made', error);
  }
  await access(folder, constants.W_OK | constants.X_OK).catch((error: unknown) => {
    throw fileError(folder, 'cannot be written', error);
  });
}
