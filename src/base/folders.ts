/** @file Finding, creating and checking folders. */
import { constants } from 'node:fs';
import { access, mkdir, rmdir, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { InputError } from './errors.js';
import { fileError } from './system-errors.js';

/** Returns a folder, or its nearest ancestor that exists. */
export async function nearestFolder(folder: string): Promise<string> {
  const path = resolve(folder);
  const isThere = await stat(path).then(
    () => true,
    (error: unknown) => (error as NodeJS.ErrnoException).code !== 'ENOENT',
  );
  return isThere || path === dirname(path) ? path : nearestFolder(dirname(path));
}

/**
 * Creates a folder and its missing parents. Replaces Node's recursive `mkdir`, which loops forever on a file system
 * that accepts no new folders and reports that the path does not exist, as /proc does.
 *
 * @returns the topmost folder that was created; undefined if all existed
 * @throws the system's error, including when a file is in the folder's place
 */
export async function makeFolders(folder: string): Promise<string | undefined> {
  const path = resolve(folder);
  let place = await nearestFolder(path);
  const missing = relative(place, path).split(sep).filter(Boolean);
  let topmost: string | undefined;
  if (missing.length === 0) await makeOne(place); // throws if it is a file
  for (const name of missing) {
    place = join(place, name);
    if (await makeOne(place)) topmost ??= place;
  }
  return topmost;
}

/**
 * Removes folders that `makeFolders` has created, as far as they are empty.
 *
 * @param topmost what it returned
 */
export async function removeEmptyFolders(folder: string, topmost: string): Promise<void> {
  const path = resolve(folder);
  const isEmpty = await rmdir(path).then(
    () => true,
    () => false,
  );
  if (isEmpty && path !== resolve(topmost)) await removeEmptyFolders(dirname(path), topmost);
}

/** Creates a folder; returns false if it exists already. */
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
 * Checks that files can be created in a folder, or that the folder can be created. Changes nothing.
 *
 * @throws InputError if a file is in its place, or it cannot be written to
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
