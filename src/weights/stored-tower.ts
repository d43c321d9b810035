/** @file The text model of a CLIP on disk, cut out of the file on the hub. */
import { createHash } from 'node:crypto';
import { sumPath } from './content-id.js';
import type { PartialSource } from './free-parts.js';
import type { HubFile } from './hub-listing.js';
import type { TextTower } from './text-tower.js';
import { noteSha256 } from './verified-files.js';
import { writeFileResumably, writeFileWhole } from './whole-file.js';

/** Stores a text model with its checksum, which the hub does not have, so that later damage is noticed. */
export async function storeTower(
  path: string,
  { file, tower }: { readonly file: HubFile; readonly tower: TextTower },
  bytesFrom: (position: number) => AsyncIterable<Uint8Array>,
): Promise<void> {
  const sha256 = await writeFileResumably(path, {
    ...towerSource(tower, file),
    bytesFrom,
    // First the checksum, with which an earlier, damaged file does not pass for this one.
    beforeCommit: (sha256) => writeFileWhole(sumPath(path), [Buffer.from(`${sha256}\n`)]),
    mismatch: (bytes) => new Error(`${path}: ${bytes} bytes instead of ${tower.size}`),
  });
  await noteSha256(path, sha256);
}

/** The text model as a source of a partial file: which bytes of which file, after which header. */
export function towerSource({ header, ranges, size }: TextTower, { contentId }: HubFile): PartialSource {
  const key = createHash('sha256')
    .update(JSON.stringify([contentId, ranges]))
    .update(header)
    .digest('hex');
  return { key, size, sha256: undefined };
}
