/** @file Which files of a commit on the hub are needed for the requested parts of a model. */
import { basename } from 'node:path/posix';
import { InputError } from '../base/errors.js';
import { TOKENIZER_FILES } from '../text/tokenizer-files.js';
import { WEIGHT_FILES } from './folder.js';
import type { ModelCache } from './hub-cache.js';
import type { ModelId } from './hub-access.js';
import type { HubFile, HubModel } from './hub-client.js';
import { CONFIG_FILE } from './config-file.js';
import { isInFolders, MODULES_FILE, OPTIONAL_WEIGHTS, type ModelPart } from './model-parts.js';
import { otherWeights } from './other-weights.js';
import { readShardIndex } from './sharded.js';
import { shown } from './wording.js';

/** A commit of a model, on the hub and in the cache. */
export interface Commit {
  readonly model: ModelId;
  readonly hub: HubModel;
  readonly cache: ModelCache;
  readonly id: string;
  readonly listed: ReadonlyMap<string, HubFile>;
  /** The folder inside the model with the transformer's files, ending in a slash; empty if they are where it is. */
  readonly inner: string;
}

/**
 * The model's files for the requested parts. Shards are listed in their index, which is downloaded first.
 *
 * @throws InputError if the model lacks a required file, or lists an impossible size
 */
export async function wantedFiles(commit: Commit, parts: readonly ModelPart[]): Promise<HubFile[]> {
  const names = new Set<string>();
  for (const part of parts) for (const name of await namesOf(commit, part)) names.add(name);
  const files = [...names].map((name) => {
    const file = fileOf(commit, name);
    if (!file) throw new InputError(`${commit.model.name}: ${lacking(commit, name)}`);
    return file;
  });
  const modules = parts.includes('weights') ? commit.listed.get(MODULES_FILE) : undefined;
  if (modules !== undefined) files.push(modules);
  for (const file of files) checkSize(commit.model.name, file);
  return files;
}

/** The file of the transformer's that has this name. */
function fileOf({ listed, inner }: Commit, name: string): HubFile | undefined {
  return listed.get(inner + name);
}

/** What to say of a file that a model does not have: where else it has such a file, as older layouts do. */
function lacking({ listed }: Commit, name: string): string {
  const other = [...listed.keys()].find((path) => path.endsWith(`/${name}`));
  const remedy =
    other === undefined
      ? 'name another model or revision'
      : `it has ${shown(other)}: download that folder, and name it instead`;
  return `expected the file ${shown(name)}, which the model does not have; ${remedy}`;
}

async function namesOf(commit: Commit, part: ModelPart): Promise<readonly string[]> {
  const listed = (names: readonly string[]): string[] => names.filter((name) => fileOf(commit, name) !== undefined);
  if (part === 'config') return [CONFIG_FILE];
  // The model's configuration names the tokenizer's class if the tokenizer's own does not.
  if (part === 'tokenizer') return listed([...TOKENIZER_FILES, CONFIG_FILE]);
  if (part === 'weights') return [...(await weightFiles(commit)), ...listed(OPTIONAL_WEIGHTS)];
  const beside = [...commit.listed.keys()].filter((path) => isInFolders(part, path));
  return [...part.files, ...listed(part.optional), ...beside];
}

/** Far more bytes than such files have: larger ones are not downloaded. Weights may be of any size. */
const MAX_TOKENIZER_BYTES = 500_000_000;
const MAX_JSON_BYTES = 10_000_000;

function checkSize(model: string, { path, size }: HubFile): void {
  const isJson = path.endsWith('.json');
  const most = TOKENIZER_FILES.includes(basename(path)) ? MAX_TOKENIZER_BYTES : isJson ? MAX_JSON_BYTES : Infinity;
  if (size > most)
    throw new InputError(
      `${model}/${path}: expected at most ${most} bytes, got ${size} in the list of the hub; check the model's name`,
    );
}

async function weightFiles(commit: Commit): Promise<string[]> {
  const first = WEIGHT_FILES.find((name) => fileOf(commit, name) !== undefined);
  if (first === undefined) {
    const { listed, inner, model } = commit;
    const beside = [...listed.keys()].filter(
      (path) => path.startsWith(inner) && !path.slice(inner.length).includes('/'),
    );
    const other = otherWeights(beside);
    const [found, remedy] =
      other === undefined
        ? ['none of them', 'name another model or revision']
        : [`only ${shown(other.name)}`, `name another model or revision, or download it; ${other.remedy}`];
    throw new InputError(`${model.name}: expected weights (${WEIGHT_FILES.join(', ')}), found ${found}; ${remedy}`);
  }
  return first.endsWith('.index.json') ? [first, ...(await shardNames(commit, fileOf(commit, first)!))] : [first];
}

async function shardNames({ model, hub, cache, id }: Commit, index: HubFile): Promise<Iterable<string>> {
  checkSize(model.name, index);
  if ((await cache.find(id, index)) === undefined) {
    const remote = hub.open(id, index);
    await cache.store(index, (position) => remote.stream(position, index.size));
  }
  return (await readShardIndex((await cache.find(id, index))!)).values();
}
