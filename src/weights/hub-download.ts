/** @file Downloads the files of a model that are not cached. */
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freeDiskBytes } from '../base/disk-space.js';
import { InputError } from '../base/errors.js';
import { formatBytes } from '../base/format.js';
import { isSound } from './content-id.js';
import type { ModelCache } from './hub-cache.js';
import { exists } from '../base/existence.js';
import { linkOr } from './hub-cache.js';
import type { HubFile, RemoteFile } from './hub-client.js';
import type { HubAccess, ModelId } from './hub-access.js';
import { variableOf } from './hub-environment.js';
import { hubModel } from './hub-client.js';
import { RefusedError } from './http-errors.js';
import { innerFolderOf, withInnerFolder } from './inner-folder.js';
import { DECISIVE_FILES, type ModelPart } from './model-parts.js';
import type { TextTower } from './text-tower.js';
import { findTextTower, towerBytes } from './text-tower.js';
import { bytesKept } from './free-parts.js';
import { storeTower, towerSource } from './stored-tower.js';
import { wantedFiles, type Commit } from './wanted-files.js';
import { makeFolder } from './whole-file.js';

/** The progress of a download, in bytes of all files together that were not there before. */
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
  const known = await cache.knownCommit();
  const id = known ?? (await hub.commit());
  const listed = await hub.files(id).catch((error: unknown) => {
    const isGone = error instanceof RefusedError && error.reason === 'RevisionNotFound';
    if (!isGone || known === undefined || known === model.revision) throw error;
    throw new InputError(
      `${model.name}: ${model.revision} is commit ${known} in the cache, which lacks some of its files, and ` +
        `${access.hubUrl} no longer has that commit; to use the newest commit of ${model.revision}, remove ` +
        cache.ref,
      { cause: error },
    );
  });
  const inner = innerFolderOf(listed.keys());
  return { model, hub, cache, id, listed, inner: inner === undefined ? '' : `${inner}/` };
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
  const { cache, id, listed, inner } = commit;
  const wanted = await wantedFiles(commit, parts);
  const fetches: Fetch[] = [];
  for (const file of wanted) {
    if ((await cache.find(id, file)) === undefined && !(await hasTextTower(commit, file)))
      fetches.push(await planFetch(commit, file));
  }
  await fetchAll(commit, fetches, onProgress);
  await cache.remember(id);
  const decisive = parts.includes('tokenizer') ? DECISIVE_FILES.map((name) => inner + name) : [];
  const absent = decisive.filter((path) => !listed.has(path));
  for (const path of absent) await cache.noteAbsent(id, path);
  return withInnerFolder(await gather(commit, wanted));
}

/** A file to download: whole, or only the part with the text model. */
interface Fetch {
  readonly file: HubFile;
  readonly remote: RemoteFile;
  readonly tower: TextTower | undefined;
  /** How many bytes an earlier attempt has left. */
  readonly kept: number;
}

type TowerFetch = Fetch & { readonly tower: TextTower };

function towerPath({ cache, id }: Commit): string {
  return join(cache.textModel(id), DIVISIBLE_FILE);
}

async function hasTextTower(commit: Commit, file: HubFile): Promise<boolean> {
  const path = towerPath(commit);
  return file.path === DIVISIBLE_FILE && (await exists(path)) && isSound(path);
}

async function planFetch(commit: Commit, file: HubFile): Promise<Fetch> {
  const remote = commit.hub.open(commit.id, file);
  const tower = file.path === DIVISIBLE_FILE ? await findTextTower(remote) : undefined;
  const kept = tower ? bytesKept(towerPath(commit), towerSource(tower, file)) : commit.cache.bytesKept(file);
  return { file, remote, tower, kept };
}

async function fetchAll(
  commit: Commit,
  fetches: readonly Fetch[],
  onProgress?: (progress: DownloadProgress) => void,
): Promise<void> {
  const { cache, id } = commit;
  await checkSpace(
    cache.snapshot(id),
    fetches.filter((fetch) => !isOfTower(fetch)),
  );
  await checkSpace(cache.textModel(id), fetches.filter(isOfTower));
  let [before, bytesTotal] = [0, fetches.reduce((total, fetch) => total + missingBytes(fetch), 0)];
  for (const fetch of fetches) {
    const { file, remote } = fetch;
    let missing = missingBytes(fetch);
    const bytesFrom = async function* (position: number): AsyncGenerator<Uint8Array> {
      bytesTotal += sizeOf(fetch) - position - missing; // 0, unless what was kept is damaged or taken
      missing = sizeOf(fetch) - position;
      let done = 0;
      const chunks = isOfTower(fetch)
        ? towerBytes(fetch.tower, (start, end) => remote.stream(start, end), position)
        : remote.stream(position, file.size);
      for await (const chunk of chunks) {
        done += chunk.length;
        yield chunk;
        onProgress?.({ file: file.path, bytesDone: before + done, bytesTotal });
      }
    };
    if (isOfTower(fetch)) await storeTower(towerPath(commit), fetch, bytesFrom);
    else await cache.store(file, bytesFrom);
    before += missing;
  }
}

function isOfTower(fetch: Fetch): fetch is TowerFetch {
  return fetch.tower !== undefined;
}

/** The bytes of a fetch: of the whole file, or of the one with the text model. */
function sizeOf({ file, tower }: Fetch): number {
  return (tower ?? file).size;
}

/** How many of these no earlier attempt has left. */
function missingBytes(fetch: Fetch): number {
  return sizeOf(fetch) - fetch.kept;
}

/** Checks for free disk space before downloading, since the hub may list files of any size. */
async function checkSpace(folder: string, fetches: readonly Fetch[]): Promise<void> {
  const bytes = fetches.reduce((total, fetch) => total + missingBytes(fetch), 0);
  if (bytes === 0) return;
  await makeFolder(folder);
  const free = await freeDiskBytes(folder);
  if (bytes <= free) return;
  throw new InputError(
    `${folder}: expected ${formatBytes(bytes)} of free disk for the model, found ${formatBytes(free)}; ` +
      `make room, or name another folder in ${variableOf(folder)}`,
  );
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
