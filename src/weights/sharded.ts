/**
 * @file Checkpoints in several files. An index, `{"weight_map": {"tensor name": "shard file", …}}`, says which shard
 * has which tensor. Source: https://huggingface.co/docs/transformers/main/en/big_models#sharded-checkpoints
 */
import { dirname, join } from 'node:path';
import { InputError } from '../base/errors.js';
import { isNamed } from '../base/existence.js';
import { readJsonObject } from '../base/json-file.js';
import { checkJson, mapOf, object, valuesThat } from '../base/json-schema.js';
import type { TensorInfo, TensorSource } from './tensor-source.js';
import { placeOf } from './tensor-source.js';
import { shown } from './wording.js';

/** About a hundred bytes a tensor, a hundred thousand tensors. */
const LARGEST_INDEX = 10_000_000;

/**
 * Which shard has which tensor, from an index file.
 *
 * @throws InputError if it cannot be read, is not an index, or names a shard outside its folder
 */
export async function readShardIndex(indexPath: string): Promise<ReadonlyMap<string, string>> {
  const index = checkJson(INDEX, await readJsonObject(indexPath, LARGEST_INDEX), indexPath);
  return new Map(Object.entries(index.weight_map));
}

function isPlainName(name: unknown): boolean {
  return typeof name === 'string' && /^[^/\\\0]+$/.test(name) && name !== '.' && name !== '..';
}

/** Shard files by tensor name. */
const INDEX = object({ weight_map: mapOf(valuesThat<string>(isPlainName, 'the name of a file beside the index')) });

/**
 * Opens every shard of an index as one source.
 *
 * @param openShard opens one shard by its path
 * @throws InputError for a shard that is missing, or that lacks a tensor of the index
 */
export async function openSharded(
  indexPath: string,
  openShard: (path: string) => Promise<TensorSource>,
): Promise<TensorSource> {
  const index = await readShardIndex(indexPath);
  const opened = new Map<string, TensorSource>();
  const close = async (): Promise<void> => {
    await Promise.all([...opened.values()].map((shard) => shard.close()));
  };
  try {
    for (const shard of new Set(index.values())) opened.set(shard, await openShardOf(indexPath, shard, openShard));
    return joinShards(indexPath, index, opened, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function openShardOf(
  indexPath: string,
  shard: string,
  openShard: (path: string) => Promise<TensorSource>,
): Promise<TensorSource> {
  const path = join(dirname(indexPath), shard);
  if (!(await isNamed(path))) {
    throw new InputError(
      `${indexPath}: expected the shard ${shown(shard)} beside it, found no such file; fetch the missing shard`,
    );
  }
  return openShard(path);
}

function joinShards(
  location: string,
  index: ReadonlyMap<string, string>,
  opened: ReadonlyMap<string, TensorSource>,
  close: () => Promise<void>,
): TensorSource {
  const tensors = new Map<string, TensorInfo>();
  for (const [name, shard] of index) {
    const tensor = opened.get(shard)!.tensors.get(name);
    if (!tensor) {
      throw new InputError(
        `${placeOf(location, name)}: expected in ${shown(shard)}, which does not have it; ` +
          'the shards do not belong together: get all of them again',
      );
    }
    tensors.set(name, tensor);
  }
  const shardOf = (name: string): TensorSource => {
    const shard = index.get(name);
    if (shard === undefined) throw new Error(`joinShards: there is no tensor ${shown(name)}`);
    return opened.get(shard)!;
  };
  return {
    location,
    tensors,
    read: async (name) => shardOf(name).read(name),
    readInt32: async (name) => shardOf(name).readInt32(name),
    close,
  };
}
