import { statfs } from 'node:fs/promises';

/** Bytes that a folder's file system has left for this user; Infinity where the system does not tell. */
export async function freeBytes(folder: string): Promise<number> {
  return statfs(folder).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => Infinity,
  );
}
