/**
 * @file The ids of file contents on the hub and in its cache: for small files the git object id, SHA-1 of `blob
 * <size>`, a zero byte and the content; for large ones the SHA-256 of the content. Source:
 * https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
 */
import { createHash, type Hash } from 'node:crypto';
import { readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { hashFile } from '../base/file-hash.js';
import { hasSha256 } from './verified-files.js';

/** A hash of the same kind as an id, for content that arrives in pieces. */
export function hashFor(contentId: string, size: number): Hash {
  return isGitId(contentId) ? createHash('sha1').update(`blob ${size}\0`) : createHash('sha256');
}

/** The kind of an id, for messages. */
export function kindOfId(contentId: string): string {
  return isGitId(contentId) ? 'git object id' : 'SHA-256';
}

function isGitId(contentId: string): boolean {
  return /^[0-9a-f]{40}$/.test(contentId);
}

/** Whether a text can be the SHA-256 of a large file. */
export function isSha256(contentId: string): boolean {
  return /^[0-9a-f]{64}$/.test(contentId);
}

/**
 * Whether a file has the content of an id. Small files are read every time, large ones once and again after a change.
 *
 * @param size the expected size, if known
 */
export async function hasContent(path: string, contentId: string, size?: number): Promise<boolean> {
  const stats = await stat(path).catch(() => undefined);
  if (stats?.isFile() !== true || (size !== undefined && stats.size !== size)) return false;
  if (isSha256(contentId)) return hasSha256(path, contentId);
  const hash = hashFor(contentId, stats.size);
  try {
    await hashFile(path, hash);
  } catch {
    return false;
  }
  return hash.digest('hex') === contentId;
}

/**
 * Whether a cached file matches the name of its blob, or the checksum beside it. True if it has neither, as in folders
 * of copies.
 */
export async function isSound(path: string): Promise<boolean> {
  const blob = basename(await realpath(path).catch(() => ''));
  const id = isGitId(blob) || isSha256(blob) ? blob : (await readFile(sumPath(path), 'utf8').catch(() => '')).trim();
  return isGitId(id) || isSha256(id) ? hasContent(path, id) : true;
}

/** Where the SHA-256 of a file is stored for whose content the hub has no id. */
export function sumPath(path: string): string {
  return join(dirname(path), `.${basename(path)}.sha256`);
}
