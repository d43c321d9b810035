import { lstat, readdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
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

/** Whether two folders, which need not exist yet, are on the same file system; false if unknown. */
export async function areOnOneDisk(folder: string, other: string): Promise<boolean> {
  const [disk, another] = await Promise.all([folder, other].map(diskOf));
  return disk !== undefined && disk === another;
}

async function diskOf(folder: string): Promise<number | undefined> {
  return nearestFolder(folder)
    .then((nearest) => stat(nearest))
    .then(
      ({ dev }) => dev,
      () => undefined,
    );
}

async function freeBytesAt(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** The bytes of all files in a folder, ignoring any that disappear meanwhile or cannot be read. */
export async function bytesIn(path: string): Promise<number> {
  const stats = await lstat(path).catch(() => undefined);
  if (stats === undefined) return 0;
  if (!stats.isDirectory()) return stats.size;
  const names = await readdir(path).catch(() => []);
  const sizes = await Promise.all(names.map((name) => bytesIn(join(path, name))));
  return sizes.reduce((sum, size) => sum + size, 0);
}
