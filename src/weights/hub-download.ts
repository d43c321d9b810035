/** @file Downloads the files of a model that are not cached. */
import { createHash, type Hash } from 'node:crypto';
import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { freeDiskBytes } from '../base/disk-space.js';
import { InputError } from '../base/errors.js';
import { formatBytes } from '../base/format.js';
import { isSound, sumPath } from './content-id.js';
import type { ModelCache } from './hub-cache.js';
import { isThere, linkOr } from './hub-cache.js';
import type { HubFile, RemoteFile } from './hub-client.js';
import type { HubAccess, ModelId } from './hub-access.js';
import { hubModel } from './hub-client.js';
import { DECISIVE_FILES, type ModelPart } from './model-parts.js';
import type { TextTower } from './text-tower.js';
import { findTextTower } from './text-tower.js';
import { noteSha256 } from './verified-files.js';
import { wantedFiles, type Commit } from './wanted-files.js';
import { makeFolder, writeFileWhole } from './whole-file.js';

/** The progress of a download, in bytes of all files together. */
export interface DownloadProgress {
  /** The file that is being downloaded. */
  readonly file: string;
  readonly bytesDone: number;
  readonly bytesTotal: number;
}

/** Weights that may hold more than the text model, and are then downloaded in part. */
const DIVISIBLE_FILE = 'model.safetensors';

/**
 * The commit that a model is taken from: the cached one, to which missing files are added; else the hub's.
 *
 * @throws InputError if the hub cannot be reached or refuses
 */
export async function openCommit(model: ModelId, access: HubAccess, cache: ModelCache): Promise<Commit> {
  const hub = hubModel(model, access);
  const id = (await cache.knownCommit()) ?? (await hub.commit());
  return { model, hub, cache, id, listed: await hub.files(id) };
}

/**
 * Downloads the parts of a model that are not cached and returns the folder they are in.
 *
 * @throws InputError if the hub cannot be reached or refuses, or the model lacks a part
 */
export async function downloadParts(
  commit: Commit,
  parts: readonly ModelPart[],
  onProgress?: (progress: DownloadProgress) => void,
): Promise<string> {
  const { cache, id, listed } = commit;
  const wanted = await wantedFiles(commit, parts);
  const fetches: Fetch[] = [];
  for (const file of wanted) {
    if ((await cache.find(id, file)) === undefined && !(await hasTextTower(commit, file)))
      fetches.push(await planFetch(commit, file));
  }
  await fetchAll(commit, fetches, onProgress);
  await cache.remember(id);
  const absent = parts.includes('tokenizer') ? DECISIVE_FILES.filter((name) => !listed.has(name)) : [];
  for (const name of absent) await cache.noteAbsent(id, name);
  return gather(commit, wanted);
}

/** A file to download: whole, or only the part with the text model. */
interface Fetch {
  readonly file: HubFile;
  readonly remote: RemoteFile;
  readonly tower: TextTower | undefined;
}

function towerPath({ cache, id }: Commit): string {
  return join(cache.textModel(id), DIVISIBLE_FILE);
}

async function hasTextTower(commit: Commit, file: HubFile): Promise<boolean> {
  const path = towerPath(commit);
  return file.path === DIVISIBLE_FILE && (await isThere(path)) && isSound(path);
}

async function planFetch({ hub, id }: Commit, file: HubFile): Promise<Fetch> {
  const remote = hub.open(id, file);
  return { file, remote, tower: file.path === DIVISIBLE_FILE ? await findTextTower(remote) : undefined };
}

async function fetchAll(
  commit: Commit,
  fetches: readonly Fetch[],
  onProgress?: (progress: DownloadProgress) => void,
): Promise<void> {
  const bytesTotal = fetches.reduce((total, { file, tower }) => total + (tower ?? file).size, 0);
  await checkSpace(
    commit.cache.snapshot(commit.id),
    fetches.filter(({ tower }) => tower === undefined),
  );
  await checkSpace(
    commit.cache.textModel(commit.id),
    fetches.filter(({ tower }) => tower !== undefined),
  );
  let bytesDone = 0;
  for (const { file, remote, tower } of fetches) {
    const stream = async function* (start: number, end: number): AsyncGenerator<Uint8Array> {
      for await (const chunk of remote.stream(start, end)) {
        bytesDone += chunk.length;
        yield chunk;
        onProgress?.({ file: file.path, bytesDone, bytesTotal });
      }
    };
    if (tower) await storeTower(towerPath(commit), towerBytes(tower, stream));
    else await commit.cache.store(file, stream(0, file.size));
  }
}

/** Checks for free disk space before downloading, since the hub may list files of any size. */
async function checkSpace(folder: string, fetches: readonly Fetch[]): Promise<void> {
  const bytes = fetches.reduce((total, { file, tower }) => total + (tower ?? file).size, 0);
  if (bytes === 0) return;
  await makeFolder(folder);
  const free = await freeDiskBytes(folder);
  if (bytes <= free) return;
  throw new InputError(
    `${folder}: expected ${formatBytes(bytes)} of free disk for the model, found ${formatBytes(free)}; ` +
      'make room, or name another folder in HF_HOME',
  );
}

/** Stores a text model with its checksum, which the hub does not have, so that later damage is noticed. */
async function storeTower(path: string, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  const hash = createHash('sha256');
  await rm(sumPath(path), { force: true }); // that of an earlier one
  await writeFileWhole(path, hashed(bytes, hash));
  const sha256 = hash.digest('hex');
  await writeFileWhole(sumPath(path), [Buffer.from(`${sha256}\n`)]);
  await noteSha256(path, sha256);
}

async function* hashed(bytes: AsyncIterable<Uint8Array>, hash: Hash): AsyncGenerator<Uint8Array> {
  for await (const piece of bytes) {
    hash.update(piece);
    yield piece;
  }
}

async function* towerBytes({ header, ranges }: TextTower, stream: RemoteFile['stream']): AsyncGenerator<Uint8Array> {
  yield header;
  for (const { start, end } of ranges) yield* stream(start, end);
}

/**
 * The folder with all files: the snapshot or, if only a part of the weights was downloaded, that part's folder with
 * links to the rest. Files appear here once all have been downloaded, so that an interrupted download does not look
 * complete.
 */
async function gather(commit: Commit, files: readonly HubFile[]): Promise<string> {
  const { cache, id } = commit;
  const inSnapshot: HubFile[] = [];
  for (const file of files) if ((await cache.find(id, file)) !== undefined) inSnapshot.push(file);
  for (const file of inSnapshot) await cache.addToSnapshot(id, file);
  if (inSnapshot.length === files.length) return cache.snapshot(id);
  for (const { path } of inSnapshot)
    await linkOr(copyFile, join(cache.snapshot(id), path), join(cache.textModel(id), path));
  return cache.textModel(id);
}
