/** @file The folder of the teacher's cached outputs: one for every key, in a folder of all caches. */
import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError, SYSTEM } from '../../base/errors.js';
import { checkIsWritable } from '../../base/folders.js';

/** What determines the teacher's outputs. */
export type CacheKey = Readonly<Record<'teacher' | 'tokenizer' | 'data' | 'loss' | 'precision', string>>;

/** The folder of the cache for a key, in the folder of all caches. */
export function cacheFolder(root: string, key: CacheKey): string {
  const hash = createHash('sha256').update(JSON.stringify(Object.entries(key).sort()));
  return join(root, hash.digest('hex').slice(0, 16));
}

/** Whether a name may be that of a key's folder. */
const isCacheName = (name: string): boolean => /^[0-9a-f]{16}$/.test(name);

/**
 * Checks that a folder can hold a cache, or holds one that can be read. Changes nothing.
 *
 * @throws InputError
 */
export async function checkCacheFolder(folder: string): Promise<void> {
  await checkIsWritable(folder).catch(async (error: unknown) => {
    if (!(error instanceof InputError)) throw error;
    if (error.code === SYSTEM && (await readdir(folder).catch(() => [])).some(isCacheName)) return;
    throw new InputError(`--cache-teacher: ${error.message}`, { cause: error });
  });
}
