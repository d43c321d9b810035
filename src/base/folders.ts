/** @file Folders that are there, and those that are made. */
import { constants } from 'node:fs';
import { access, mkdir, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { InputError } from './errors.js';
import { fileError } from './system-errors.js';

/** A folder, or its nearest ancestor that exists. */
export async function nearestFolder(folder: string): Promise<string> {
  const path = resolve(folder);
  const isThere = await stat(path).then(
    () => true,
    (error: unknown) => (error as NodeJS.ErrnoException).code !== 'ENOENT',
  );
  return isThere || path === dirname(path) ? path : nearestFolder(dirname(path));
}

/**
 * Makes a folder and those above it, where they are not there yet. Node's `mkdir` with `recursive` does so, too, but
 * where a file system takes no new folders and says that the path is not there (as /proc does), it tries for ever.
 *
 * @returns the topmost folder that was made; undefined where all were there
 * @throws the system's error, also where a file is in the folder's place
 */
export async function makeFolders(folder: string): Promise<string | undefined> {
  const path = resolve(folder);
  let place = await nearestFolder(path);
  const missing = relative(place, path).split(sep).filter(Boolean);
  let topmost: string | undefined;
  if (missing.length === 0) await makeOne(place); // a file may be there
  for (const name of missing) {
    place = join(place, name);
    if (await makeOne(place)) topmost ??= place;
  }
  return topmost;
}

/** Makes a folder; false where it is there already. */
async function makeOne(folder: string): Promise<boolean> {
  try {
    await mkdir(folder);
    return true;
  } catch (error) {
    const isFolder = await stat(folder).then(
      (stats) => stats.isDirectory(),
      () => false,
    );
    if (isFolder) return false;
    throw error;
  }
}

/**
 * Checks that files can be made in a folder, or that it can be made. Changes nothing.
 *
 * @throws InputError where there is a file, or nothing may be written there
 */
export async function checkIsWritable(folder: string): Promise<void> {
  const nearest = await nearestFolder(folder);
  try {
    if ((await stat(nearest)).isDirectory()) {
      await access(nearest, constants.W_OK | constants.X_OK);
      return;
    }
  } catch (error) {
    throw fileError(folder, 'cannot be written', error);
  }
  throw new InputError(`${folder}: expected a folder, or nothing there, found a file; name another`);
}
