import { statfs } from 'node:fs/promises';
import { nearestFolder } from './folders.js';

/**
 * The bytes that this user can still write to the file system of a folder, which need not exist yet; Infinity if
 * unknown.
 */
export async function freeDiskBytes(folder: string): Promise<number> {
  return freeBytesAt(folder) // first as it is: the current folder may have been removed, and then has no path
    .catch(async () => freeBytesAt(await nearestFolder(folder)))
    .catch(() => Infinity);
}

async function freeBytesAt(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
