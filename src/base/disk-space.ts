import { statfs } from 'node:fs/promises';
import { nearestFolder } from './folders.js';

/**
 * The bytes that this user can still write to the file system of a folder, which need not exist yet; Infinity if
 * unknown.
 */
export async function freeDiskBytes(folder: string): Promise<number> {
  return statfs(await nearestFolder(folder)).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => Infinity,
  );
}
