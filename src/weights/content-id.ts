/**
 * @file What names a file's content on the hub and in its cache: of small files the git object id, SHA-1 of
 * `blob <size>`, a zero byte and the content; of large ones the SHA-256 of the content.
 * Source: https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
 */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { hasSha256 } from './verified-files.js';

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

/** Whether a text may be the SHA-256 of a large file. */
export function isSha256(contentId: string): boolean {
  return /^[0-9a-f]{64}$/.test(contentId);
}

/**
 * Whether a file is what its id says. Small files are read every time, large ones once, and again when they were
 * changed.
 *
 * @param size that it should have, where that is known
 */
export async function hasContent(path: string, contentId: string, size?: number): Promise<boolean> {
  const stats = await stat(path).catch(() => undefined);
  if (stats?.isFile() !== true || (size !== undefined && stats.size !== size)) return false;
  if (isSha256(contentId)) return hasSha256(path, contentId);
  const hash = hashFor(contentId, stats.size);
  try {
    for await (const piece of createReadStream(path)) hash.update(piece as Buffer);
  } catch {
    return false;
  }
  return hash.digest('hex') === contentId;
}

/**
 * Whether a file of the cache is what the name of its blob says, or the sum beside it; also where there is neither, as
 * in folders of copies.
 */
export async function isSound(path: string): Promise<boolean> {
  const blob = basename(await realpath(path).catch(() => ''));
  const id = isGitId(blob) || isSha256(blob) ? blob : (await readFile(sumPath(path), 'utf8').catch(() => '')).trim();
  return isGitId(id) || isSha256(id) ? hasContent(path, id) : true;
}

/** Where the SHA-256 of a file is kept whose content the hub has no id of. */
export function sumPath(path: string): string {
  return join(dirname(path), `.${basename(path)}.sha256`);
}
