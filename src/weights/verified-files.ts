/**
 * @file Records which large files were found to match their SHA-256. A mark in kd's own cache holds size, time and
 * inode, so that each file is read once, and again after a change.
 */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256Of } from '../base/file-hash.js';
import { writeFileWhole } from './whole-file.js';
import { ownCacheFolder } from './hub-environment.js';

/** Whether a file has this SHA-256, in hexadecimal. */
export async function hasSha256(path: string, sha256: string): Promise<boolean> {
  const mark = await markOf(path, sha256);
  if (mark === undefined) return false;
  if ((await readFile(mark.path, 'utf8').catch(() => '')) === mark.text) return true;
  if ((await sha256Of(path).catch(() => undefined)) !== sha256) return false;
  await write(mark);
  return true;
}

/** Records that a file matches its SHA-256. */
export async function noteSha256(path: string, sha256: string): Promise<void> {
  const mark = await markOf(path, sha256);
  if (mark !== undefined) await write(mark);
}

interface Mark {
  readonly path: string;
  readonly text: string;
}

async function markOf(path: string, sha256: string): Promise<Mark | undefined> {
  const stats = await stat(path, { bigint: true }).catch(() => undefined);
  if (stats?.isFile() !== true) return undefined;
  const { dev, ino, size, mtimeNs } = stats;
  return { path: join(ownCacheFolder(), 'verified', `${sha256}-${dev}-${ino}`), text: `${size} ${mtimeNs}\n` };
}

/** If this cannot be written, the file is read again next time. */
async function write({ path, text }: Mark): Promise<void> {
  await writeFileWhole(path, [Buffer.from(text)]).catch(() => undefined);
}
