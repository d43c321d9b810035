/**
 * @file Which large files were read whole and found to be what their SHA-256 says: a mark in a cache of this program's
 * own says of which size, time and inode, so that each is read once, and again when it was changed.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileWhole } from './whole-file.js';
import { userCache } from './hub-environment.js';

/** Whether a file's SHA-256, in hexadecimal, is this one. */
export async function hasSha256(path: string, sha256: string): Promise<boolean> {
  const mark = await markOf(path, sha256);
  if (mark === undefined) return false;
  if ((await readFile(mark.path, 'utf8').catch(() => '')) === mark.text) return true;
  const hash = createHash('sha256');
  try {
    for await (const piece of createReadStream(path)) hash.update(piece as Buffer);
  } catch {
    return false;
  }
  if (hash.digest('hex') !== sha256) return false;
  await write(mark);
  return true;
}

/** Notes that a file was found to be what its SHA-256 says. */
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
  return { path: join(userCache(), 'kd', 'hub', 'verified', `${sha256}-${dev}-${ino}`), text: `${size} ${mtimeNs}\n` };
}

/** Where it cannot be written, the file is read again the next time. */
async function write({ path, text }: Mark): Promise<void> {
  await writeFileWhole(path, [Buffer.from(text)]).catch(() => undefined);
}
