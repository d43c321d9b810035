/**
 * @file The header of a safetensors file.
 *
 * Format (https://github.com/huggingface/safetensors/blob/24b0b28/README.md#format): 8 bytes, little-endian, the
 * header's length N; N bytes of UTF-8 JSON, `{"name": {"dtype", "shape", "data_offsets": [begin, end]}, …}` with an
 * optional `__metadata__` of strings; then the tensors' bytes, without holes. Offsets count from the header's end.
 */
import { firstDuplicateKey } from '../base/duplicate-key.js';
import { isObject } from '../base/json-schema.js';
import { messageOf } from '../base/errors.js';
import { remedyFor, type ByteSource } from './byte-source.js';
import { byteLengthOf } from './dtypes.js';
import { checkCoverage, checkEntry, type TensorEntry } from './safetensors-entries.js';
import { placeOf, type TensorInfo } from './tensor-source.js';
import { damagedFile, shown } from './wording.js';

/** The contents of a safetensors file. */
export interface SafetensorsHeader {
  /** In the order of their bytes. */
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  readonly metadata: Readonly<Record<string, string>> | undefined;
  /** Where the tensors' bytes begin in the file. */
  readonly dataStart: number;
}

/** `MAX_HEADER_SIZE` of the reference implementation. */
const LARGEST_HEADER = 100_000_000;
/**
 * Three objects and lists per tensor, a million tensors. A small text can be parsed into much more memory, which this
 * limits.
 */
const MAX_OBJECTS = 3_000_000;
const LENGTH_BYTES = 8;
const METADATA = '__metadata__';

/**
 * Reads and checks a header: length, size limit, UTF-8, JSON, then every tensor, so that later reads cannot leave the
 * file.
 *
 * @throws InputError that names file, tensor and both sizes
 */
export async function readHeader(file: ByteSource): Promise<SafetensorsHeader> {
  const length = await readHeaderLength(file);
  const json = decodeUtf8(await file.read(LENGTH_BYTES, length), file.location);
  const dataStart = LENGTH_BYTES + length;
  const { [METADATA]: metadata, ...entries } = parseObject(json, file.location);
  const dataSize = file.size - dataStart;
  const tensors = Object.entries(entries).map(([name, entry]) =>
    checkEntry(name, entry, dataSize, placeOf(file.location, name)),
  );
  tensors.sort((a, b) => a.begin - b.begin || a.end - b.end);
  checkCoverage(tensors, dataSize, file.location);
  return {
    tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])),
    metadata: checkMetadata(metadata, file.location),
    dataStart,
  };
}

/**
 * The bytes of a header, length included, for tensors whose bytes follow in the given order; padded to a multiple of 8.
 */
export function encodeHeader(tensors: readonly TensorInfo[], metadata?: Readonly<Record<string, string>>): Uint8Array {
  const header = new Map<string, unknown>(metadata ? [[METADATA, metadata]] : []);
  let end = 0;
  for (const { name, dtype, shape } of tensors) {
    const begin = end;
    end += byteLengthOf(dtype, shape);
    header.set(name, { dtype, shape, data_offsets: [begin, end] });
  }
  // Not Object.fromEntries: an object would move names that look like numbers to the front.
  const json = `{${[...header].map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',')}}`;
  const text = Buffer.from(json, 'utf8');
  const bytes = Buffer.alloc(LENGTH_BYTES + Math.ceil(text.length / 8) * 8, ' ');
  bytes.writeBigUInt64LE(BigInt(bytes.length - LENGTH_BYTES));
  text.copy(bytes, LENGTH_BYTES);
  return bytes;
}

async function readHeaderLength(file: ByteSource): Promise<number> {
  if (file.size < LENGTH_BYTES) {
    throw damagedFile(
      file.location,
      `expected a safetensors file, which is at least ${LENGTH_BYTES} bytes long, found ${file.size}`,
    );
  }
  const length = new DataView(await file.read(0, LENGTH_BYTES)).getBigUint64(0, true);
  const available = file.size - LENGTH_BYTES;
  if (length > LARGEST_HEADER) {
    throw damagedFile(
      file.location,
      `expected a safetensors header of at most ${LARGEST_HEADER} bytes, the file says ${length.toString()}`,
      await remedyFor(file),
    );
  }
  if (length > available) {
    throw damagedFile(
      file.location,
      `expected a header of ${length.toString()} bytes, as the file says, found ${available}`,
    );
  }
  return Number(length);
}

function decodeUtf8(bytes: ArrayBuffer, location: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw damagedFile(location, 'expected a header in UTF-8, found other bytes');
  }
}

function parseObject(json: string, location: string): Record<string, unknown> {
  if (!json.startsWith('{')) {
    throw damagedFile(location, `expected a header that begins with {, found ${shown(json.slice(0, 20))}`);
  }
  const objects = countObjects(json);
  if (objects > MAX_OBJECTS) {
    throw damagedFile(location, `expected a header of at most ${MAX_OBJECTS} objects and lists, found ${objects}`);
  }
  let header: Record<string, unknown>;
  try {
    header = JSON.parse(json) as Record<string, unknown>;
  } catch (error) {
    throw damagedFile(location, `expected a header in JSON: ${shown(messageOf(error))}`);
  }
  const duplicate = firstDuplicateKey(json);
  if (duplicate !== undefined)
    throw damagedFile(location, `expected every name once in the header, found ${shown(duplicate)} twice`);
  return header;
}

/** The number of objects and lists in a JSON text, or more if its strings contain brackets. */
function countObjects(json: string): number {
  let count = 0;
  for (let at = 0; at < json.length; at++) {
    const character = json.charCodeAt(at);
    if (character === 0x7b || character === 0x5b) count++;
  }
  return count;
}

function checkMetadata(metadata: unknown, location: string): Record<string, string> | undefined {
  // The reference implementation treats null as absent.
  if (metadata === undefined || metadata === null) return undefined;
  if (isObject(metadata) && Object.values(metadata).every((value) => typeof value === 'string'))
    return metadata as Record<string, string>;
  throw damagedFile(location, `expected ${METADATA} to be an object of strings, found something else`);
}
