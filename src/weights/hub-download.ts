/** @file Which files of a model are needed, and fetching those that the cache lacks. */
import { join } from 'node:path';
import { freeBytes } from '../base/disk-space.js';
import { InputError } from '../base/errors.js';
import { formatBytes } from '../base/format.js';
import { TOKENIZER_FILES } from '../text/tokenizer-files.js';
import { WEIGHT_FILES } from './folder.js';
import type { ModelCache } from './hub-cache.js';
import { isThere, link, makeFolder, writeFileWhole } from './hub-cache.js';
import type { HubFile, HubModel, RemoteFile } from './hub-client.js';
import type { HubAccess, ModelId } from './hub-access.js';
import { hubModel } from './hub-client.js';
import { readShardIndex } from './sharded.js';
import type { TextTower } from './text-tower.js';
import { findTextTower } from './text-tower.js';
import { shown } from './wording.js';

/** What of a model is needed. */
export type ModelPart = 'config' | 'tokenizer' | 'weights' | 'pipeline';

/** What makes a folder a Stable Diffusion pipeline in ONNX; a model's weights may lie in further files beside it. */
export const PIPELINE_FILES = {
  index: 'model_index.json',
  scheduler: 'scheduler/scheduler_config.json',
  unet: 'unet/model.onnx',
  decoder: 'vae_decoder/model.onnx',
} as const;

/** Where a download stands: bytes of all files together. */
export interface DownloadProgress {
  /** The file that is coming. */
  readonly file: string;
  readonly bytesDone: number;
  readonly bytesTotal: number;
}

/** The model's configuration in its folder. */
export const CONFIG_FILE = 'config.json';

/** Weights beside the model's own, of a student with a projection. */
const OPTIONAL_WEIGHTS = ['projection.safetensors'];

/** The weights that may hold more than the text model, and then are fetched in part. */
const DIVISIBLE_FILE = 'model.safetensors';

/** A commit of a model, there and here. */
interface Commit {
  readonly model: ModelId;
  readonly hub: HubModel;
  readonly cache: ModelCache;
  readonly id: string;
  readonly listed: ReadonlyMap<string, HubFile>;
}

/**
 * Fetches the parts of a model that the cache lacks, and gives the folder they are in.
 *
 * @throws InputError if the hub cannot be reached or refuses, or the model lacks a part
 */
export async function downloadModel(
  model: ModelId,
  access: HubAccess,
  cache: ModelCache,
  parts: readonly ModelPart[],
  onProgress?: (progress: DownloadProgress) => void,
): Promise<string> {
  const hub = hubModel(model, access);
  // What is added to a model in the cache must be of the same commit.
  const id = (await cache.knownCommit()) ?? (await hub.commit());
  const commit = { model, hub, cache, id, listed: await hub.files(id) };
  const wanted = await wantedFiles(commit, parts);
  const fetches: Fetch[] = [];
  for (const file of wanted) {
    if ((await cache.find(id, file)) === undefined && !(await hasTextTower(commit, file)))
      fetches.push(await planFetch(commit, file));
  }
  await fetchAll(commit, fetches, onProgress);
  await cache.remember(id);
  return gather(commit, wanted);
}

/** The files of the parts asked for that the model has; shards are read from their index, which is fetched first. */
async function wantedFiles(commit: Commit, parts: readonly ModelPart[]): Promise<HubFile[]> {
  const names = new Set<string>();
  if (parts.includes('config')) names.add(CONFIG_FILE);
  // The model's configuration names the tokenizer's class where the tokenizer's own does not.
  const tokenizer = [...TOKENIZER_FILES, CONFIG_FILE].filter((name) => commit.listed.has(name));
  if (parts.includes('tokenizer')) for (const name of tokenizer) names.add(name);
  if (parts.includes('weights'))
    for (const name of [...(await weightFiles(commit)), ...OPTIONAL_WEIGHTS.filter((file) => commit.listed.has(file))])
      names.add(name);
  if (parts.includes('pipeline')) for (const name of pipelineFiles(commit)) names.add(name);
  return [...names].map((name) => {
    const file = commit.listed.get(name);
    if (!file)
      throw new InputError(`${commit.model.name}: expected the file ${shown(name)}, the model does not have it`);
    checkSize(commit.model.name, file);
    return file;
  });
}

/** Far more bytes than such files have: what claims more is not fetched. Weights may be of any size. */
const MOST_BYTES: Readonly<Record<string, number>> = {
  ...Object.fromEntries(TOKENIZER_FILES.map((name) => [name, 500_000_000])),
  ...Object.fromEntries(
    [
      CONFIG_FILE,
      PIPELINE_FILES.index,
      PIPELINE_FILES.scheduler,
      ...WEIGHT_FILES.filter((name) => name.endsWith('.json')),
    ].map((name) => [name, 10_000_000]),
  ),
};

function checkSize(model: string, { path, size }: HubFile): void {
  const most = MOST_BYTES[path] ?? Infinity;
  if (size > most)
    throw new InputError(
      `${model}/${path}: expected at most ${most} bytes, the hub lists ${size}; check the model's name`,
    );
}

/** A pipeline's files, with all that lies beside its models: weights over 2 GB are in files of their own. */
function pipelineFiles({ listed }: Commit): string[] {
  const folders = [PIPELINE_FILES.unet, PIPELINE_FILES.decoder].map((path) => path.slice(0, path.lastIndexOf('/') + 1));
  const beside = [...listed.keys()].filter((path) =>
    folders.some((folder) => path.startsWith(folder) && !path.slice(folder.length).includes('/')),
  );
  return [...Object.values(PIPELINE_FILES), ...beside];
}

async function weightFiles(commit: Commit): Promise<string[]> {
  const first = WEIGHT_FILES.find((name) => commit.listed.has(name));
  if (first === undefined) {
    throw new InputError(
      `${commit.model.name}: expected weights (${WEIGHT_FILES.join(', ')}), the model has none of them`,
    );
  }
  return first.endsWith('.index.json') ? [first, ...(await shardNames(commit, commit.listed.get(first)!))] : [first];
}

async function shardNames({ model, hub, cache, id }: Commit, index: HubFile): Promise<Iterable<string>> {
  checkSize(model.name, index);
  if ((await cache.find(id, index)) === undefined) {
    const remote = hub.open(id, index);
    await cache.store(index, remote.stream(0, index.size));
  }
  return (await readShardIndex((await cache.find(id, index))!)).values();
}

/** A file to fetch: whole, or the part that is the text model. */
interface Fetch {
  readonly file: HubFile;
  readonly remote: RemoteFile;
  readonly tower: TextTower | undefined;
}

function towerPath({ cache, id }: Commit): string {
  return join(cache.textModel(id), DIVISIBLE_FILE);
}

async function hasTextTower(commit: Commit, file: HubFile): Promise<boolean> {
  return file.path === DIVISIBLE_FILE && isThere(towerPath(commit));
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
    if (tower) await writeFileWhole(towerPath(commit), towerBytes(tower, stream));
    else await commit.cache.store(file, stream(0, file.size));
  }
}

/** Checks, before any byte comes, that a folder's disk has room: what a hub lists may be of any size. */
async function checkSpace(folder: string, fetches: readonly Fetch[]): Promise<void> {
  const bytes = fetches.reduce((total, { file, tower }) => total + (tower ?? file).size, 0);
  if (bytes === 0) return;
  await makeFolder(folder);
  const free = await freeBytes(folder);
  if (bytes <= free) return;
  throw new InputError(
    `${folder}: expected ${formatBytes(bytes)} of free disk for the model, found ${formatBytes(free)}; ` +
      'make room, or name another folder in HF_HOME',
  );
}

async function* towerBytes({ header, ranges }: TextTower, stream: RemoteFile['stream']): AsyncGenerator<Uint8Array> {
  yield header;
  for (const { start, end } of ranges) yield* stream(start, end);
}

/**
 * The one folder with all files: the snapshot, or if the weights are a part of theirs, that part's folder with links to the
 * rest. Files become visible here, when all have come: a model whose download broke off does not pass for complete.
 */
async function gather(commit: Commit, files: readonly HubFile[]): Promise<string> {
  const { cache, id } = commit;
  const inSnapshot: HubFile[] = [];
  for (const file of files) if ((await cache.find(id, file)) !== undefined) inSnapshot.push(file);
  for (const file of inSnapshot) await cache.addToSnapshot(id, file);
  if (inSnapshot.length === files.length) return cache.snapshot(id);
  for (const { path } of inSnapshot) await link(join(cache.snapshot(id), path), join(cache.textModel(id), path));
  return cache.textModel(id);
}
