/**
 * @file One file of the teacher's outputs: a safetensors file with a bfloat16 tensor `target` of `[rows, …]` and an
 * int32 tensor `crc32` of `[rows]`, the CRC-32 (ISO 3309, as in zlib) of every row's bytes. Rows are verified at every
 * read, since training reads the files for days.
 */
import { crc32 } from 'node:zlib';
import { sizeOf } from '../../base/shape.js';
import { InputError } from '../../base/errors.js';
import { openRandomAccess, type RandomAccessFile } from '../../weights/byte-source.js';
import { bfloat16ToFloat32, float32ToBfloat16 } from '../../weights/half.js';
import { readHeader } from '../../weights/safetensors-header.js';
import { createSafetensors } from '../../weights/safetensors-writer.js';

export const BYTES_A_VALUE = 2;

const TARGET = 'target';
const CHECKSUMS = 'crc32';

/** What to do about a damaged file. */
const REMEDY = 'remove the file, and it will be written again';

/** A shard being written; it gets its name once it is complete. */
export interface ShardWriter {
  /** Writes outputs, `[n, …]`, starting at a row. */
  write(row: number, outputs: Float32Array): Promise<void>;
  finish(): Promise<void>;
  discard(): Promise<void>;
}

/**
 * Creates a shard, under a temporary name until it is complete.
 *
 * @param shape the shape of all its outputs, `[rows, …]`
 */
export async function createShard(path: string, shape: readonly number[]): Promise<ShardWriter> {
  const [rows, width] = [shape[0], widthOf(shape)];
  const checksums = new Int32Array(rows!);
  const file = await createSafetensors(path, [
    { name: TARGET, dtype: 'BF16', shape },
    { name: CHECKSUMS, dtype: 'I32', shape: [rows!] },
  ]);
  return {
    async write(row, outputs) {
      for (let i = 0; i * width < outputs.length; i++)
        checksums[row + i] = checksumOf(float32ToBfloat16(outputs.subarray(i * width, (i + 1) * width)));
      await file.write(TARGET, row * width, outputs);
    },
    async finish() {
      await file.write(CHECKSUMS, 0, checksums);
      await file.finish();
    },
    discard: () => file.discard(),
  };
}

/** A shard open for reading. */
export interface Shard {
  /**
   * Reads the outputs of `count` rows starting at `row`, `[count, …]`.
   *
   * @throws InputError for a row whose bytes have changed
   */
  read(row: number, count: number): Promise<Float32Array>;
  /** Verifies `count` rows starting at `row`; throws as `read`. */
  check(row: number, count: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a shard.
 *
 * @param shape the shape of all its outputs, `[rows, …]`
 * @throws InputError if the file is not that shard
 */
export async function openShard(path: string, shape: readonly number[]): Promise<Shard> {
  const file = await openRandomAccess(path);
  const width = widthOf(shape);
  try {
    const places = await placesIn(file, shape);
    const checksums = new Int32Array(await file.read(places.checksums, 4 * shape[0]!));
    const verified = async (row: number, count: number): Promise<Uint16Array> => {
      const values = new Uint16Array(
        await file.read(places.target + row * width * BYTES_A_VALUE, count * width * BYTES_A_VALUE),
      );
      for (let i = 0; i < count; i++)
        checkRow(path, row + i, values.subarray(i * width, (i + 1) * width), checksums[row + i]!);
      return values;
    };
    return {
      read: async (row, count) => bfloat16ToFloat32(await verified(row, count)),
      async check(row, count) {
        await verified(row, count);
      },
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Where the tensors' bytes begin in the file. */
async function placesIn(
  file: RandomAccessFile,
  shape: readonly number[],
): Promise<{ target: number; checksums: number }> {
  const { tensors, dataStart } = await readHeader(file).catch((error: unknown) => {
    throw error instanceof InputError ? new InputError(`${error.message}; ${REMEDY}`, { cause: error }) : error;
  });
  const placeOf = (name: string, dtype: string, expected: readonly number[]): number => {
    const tensor = tensors.get(name);
    if (tensor?.dtype === dtype && tensor.shape.join() === expected.join()) return dataStart + tensor.begin;
    const found = tensor === undefined ? 'none' : `${tensor.dtype} [${tensor.shape.join(', ')}]`;
    throw new InputError(
      `${file.location}: expected a tensor ${name} of ${dtype} [${expected.join(', ')}], got ${found}; ${REMEDY}`,
    );
  };
  return { target: placeOf(TARGET, 'BF16', shape), checksums: placeOf(CHECKSUMS, 'I32', shape.slice(0, 1)) };
}

function checkRow(path: string, row: number, values: Uint16Array, expected: number): void {
  const found = checksumOf(values);
  if (found === expected) return;
  const hex = (checksum: number): string => (checksum >>> 0).toString(16).padStart(8, '0');
  throw new InputError(
    `${path}: row ${row} (from 0): expected the CRC-32 ${hex(expected)}, got ${hex(found)}: the file is ` +
      `damaged; ${REMEDY}`,
  );
}

/** The checksum as an int32, the dtype in the file. */
function checksumOf(values: Uint16Array): number {
  return crc32(new Uint8Array(values.buffer, values.byteOffset, values.byteLength)) | 0;
}

function widthOf(shape: readonly number[]): number {
  return sizeOf(shape.slice(1));
}
