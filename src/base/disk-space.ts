import { stat, statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/**
 * Bytes that this user can still write to the file system of a folder, which need not exist yet; Infinity where the
 * system does not say.
 */
export async function freeDiskBytes(folder: string): Promise<number> {
  return statfs(await nearestFolder(folder)).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => Infinity,
  );
}

/** A folder, or its nearest ancestor that exists. */
export async function nearestFolder(folder: string): Promise<string> {
  const path = resolve(folder);
  const isThere = await stat(path).then(
    () => true,
    (error: unknown) => (error as NodeJS.ErrnoException).code !== 'ENOENT',
  );
  return isThere || path === dirname(path) ? path : nearestFolder(dirname(path));
}
