/**
 * @file What names a file's content on the hub and in its cache: of small files the git object id, SHA-1 of `blob <size>`, a zero
 * byte and the content; of large ones the SHA-256 of the content.
 * Source: https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
 */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { basename } from 'node:path';

/** A hash of content that comes in pieces, of the kind that an id is of. */
export function hashFor(contentId: string, size: number): Hash {
  return isGitId(contentId) ? createHash('sha1').update(`blob ${size}\0`) : createHash('sha256');
}

/** What kind of id it is, for messages. */
export function kindOfId(contentId: string): string {
  return isGitId(contentId) ? 'git object id' : 'SHA-256';
}

function isGitId(contentId: string): boolean {
  return /^[0-9a-f]{40}$/.test(contentId);
}

/**
 * Whether a file is what its id says. Small files are read; of large ones, which were checked when they came, the size is compared.
 *
 * @param size that it should have, where that is known
 */
export async function hasContent(path: string, contentId: string, size?: number): Promise<boolean> {
  const stats = await stat(path).catch(() => undefined);
  if (stats?.isFile() !== true || (size !== undefined && stats.size !== size)) return false;
  if (!isGitId(contentId)) return true;
  const hash = hashFor(contentId, stats.size);
  try {
    for await (const piece of createReadStream(path)) hash.update(piece as Buffer);
  } catch {
    return false;
  }
  return hash.digest('hex') === contentId;
}

/** Whether a file of the cache is what the name of its blob says; also where there is no such name, as in folders of copies. */
export async function isSound(path: string): Promise<boolean> {
  const blob = basename(await realpath(path).catch(() => ''));
  return isGitId(blob) ? hasContent(path, blob) : true;
}
