/**
 * @file `pytorch_model.bin`: a zip that holds a pickle of the state dict (`<name>/data.pkl`) and a file for every
 * storage (`<name>/data/<key>`), as `torch.save` writes since PyTorch 1.6. Source:
 * https://github.com/pytorch/pytorch/blob/v2.4.0/torch/serialization.py
 */
import { InputError } from '../base/errors.js';
import type { RandomAccessFile } from './byte-source.js';
import { openRandomAccess, remedyFor } from './byte-source.js';
import { byteLengthOf } from './dtypes.js';
import { openSharded } from './sharded.js';
import type { StoredTensor } from './state-dict.js';
import { readStateDict, spanOf } from './state-dict.js';
import { gatherStrided, isContiguous } from './strided.js';
import type { TensorSource } from './tensor-source.js';
import { placeOf, sourceOfBytes } from './tensor-source.js';
import { damagedFile, shown } from './wording.js';
import type { ZipEntry } from './zip.js';
import { readZipDirectory } from './zip.js';

/** Far more than any state dict's pickle: a few hundred bytes a tensor. */
const LARGEST_PICKLE = 100_000_000;

/**
 * Opens a `pytorch_model.bin`. Reads its zip directory and pickle only, and builds nothing but tensors.
 *
 * @throws InputError if the file cannot be read, is damaged, is from PyTorch before 1.6, or holds anything but tensors
 */
export async function openTorchBin(path: string): Promise<TensorSource> {
  const file = await openRandomAccess(path);
  try {
    await checkIsZip(file);
    const entries = await readZipDirectory(file);
    const folder = archiveFolder(entries, path);
    await checkByteOrder(file, entries.get(`${folder}byteorder`));
    const tensors = readStateDict(await readPickle(file, entries.get(`${folder}data.pkl`)!), path);
    const storages = new Map(
      [...tensors.values()].map((tensor) => [tensor, storageEntry(tensor, folder, entries, path)]),
    );
    return sourceOfBytes(
      path,
      tensors,
      (tensor) => readTensor(file, tensor, storages.get(tensor)!),
      () => file.close(),
    );
  } catch (error) {
    await file.close();
    throw error;
  }
}

/**
 * Opens the shards that a `pytorch_model.bin.index.json` names, as one source.
 *
 * @throws InputError as `openSharded` and `openTorchBin`
 */
export function openShardedTorchBin(indexPath: string): Promise<TensorSource> {
  return openSharded(indexPath, openTorchBin);
}

const ZIP_MAGIC = Buffer.from('PK\x03\x04', 'latin1');
/** The pickle of 0x1950a86a20f9469cfc6c, with which `torch.save` began until 1.6, after its protocol bytes. */
const LEGACY_MAGIC = Buffer.from('\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19', 'latin1');

async function checkIsZip(file: RandomAccessFile): Promise<void> {
  const start = Buffer.from(await file.read(0, Math.min(file.size, 16)));
  if (start.subarray(0, 4).equals(ZIP_MAGIC)) return;
  if (start.subarray(2, 14).equals(LEGACY_MAGIC)) {
    throw new InputError(
      `${file.location}: expected the zip format of PyTorch 1.6 and later, found the older one; ` +
        'load and save it again with a newer PyTorch, or use a safetensors file',
    );
  }
  throw damagedFile(
    file.location,
    'expected a zip file made by torch.save, found something else',
    await remedyFor(file),
  );
}

/** The folder that contains everything in the zip, with its slash. */
function archiveFolder(entries: ReadonlyMap<string, ZipEntry>, path: string): string {
  const pickles = [...entries.keys()].filter((name) => /^[^/]+\/data\.pkl$/.test(name));
  if (pickles.length === 1) return pickles[0]!.slice(0, -'data.pkl'.length);
  throw damagedFile(path, `expected one data.pkl in the zip, as torch.save writes, found ${pickles.length}`);
}

async function checkByteOrder(file: RandomAccessFile, entry: ZipEntry | undefined): Promise<void> {
  if (!entry) return; // before PyTorch 2.1, always little-endian
  const order = Buffer.from(await file.read(await entry.dataStart(), Math.min(entry.size, 16))).toString('latin1');
  if (order !== 'little')
    throw damagedFile(
      file.location,
      `expected byte order little, found ${shown(order)}`,
      'save it again on a little-endian machine',
    );
}

async function readPickle(file: RandomAccessFile, entry: ZipEntry): Promise<Uint8Array> {
  if (entry.size > LARGEST_PICKLE) {
    throw damagedFile(file.location, `expected data.pkl of at most ${LARGEST_PICKLE} bytes, found ${entry.size}`);
  }
  return new Uint8Array(await file.read(await entry.dataStart(), entry.size));
}

function storageEntry(
  { name, storage }: StoredTensor,
  folder: string,
  entries: ReadonlyMap<string, ZipEntry>,
  path: string,
): ZipEntry {
  const entryName = `${folder}data/${storage.key}`;
  const entry = entries.get(entryName);
  if (!entry) {
    throw damagedFile(placeOf(path, name), `expected its values in ${shown(entryName)} of the zip, which is not there`);
  }
  const size = byteLengthOf(storage.dtype, [storage.length]);
  if (entry.size === size) return entry;
  throw damagedFile(
    placeOf(path, name),
    `expected ${size} bytes for ${storage.length} values of ${storage.dtype} in ` +
      `${shown(entryName)}, found ${entry.size}`,
  );
}

async function readTensor(file: RandomAccessFile, tensor: StoredTensor, entry: ZipEntry): Promise<ArrayBuffer> {
  const { dtype, shape, strides, offset } = tensor;
  const start = (await entry.dataStart()) + byteLengthOf(dtype, [offset]);
  const bytes = await file.read(start, byteLengthOf(dtype, [spanOf(tensor)]));
  return isContiguous(shape, strides) ? bytes : gatherStrided(bytes, byteLengthOf(dtype, [1]), shape, strides);
}
