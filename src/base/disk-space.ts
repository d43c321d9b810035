import { stat, statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** Bytes that a folder's file system has, or will have, left for this user; Infinity where the system does not tell. */
export async function freeDiskBytes(folder: string): Promise<number> {
  return statfs(await nearestFolder(folder)).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => Infinity,
  );
}

/** A folder, or the nearest one over it that is there. */
export async function nearestFolder(folder: string): Promise<string> {
  const path = resolve(folder);
  const isThere = await stat(path).then(
    () => true,
    (error: unknown) => (error as NodeJS.ErrnoException).code !== 'ENOENT',
  );
  return isThere || path === dirname(path) ? path : nearestFolder(dirname(path));
}
