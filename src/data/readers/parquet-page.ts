/**
 * @file Decompresses and validates pages of Parquet files before they are decoded, since the decoder trusts the lengths
 * of runs and would loop forever on a false one.
 */
import type { parquetHeader, readPage } from 'hyparquet/src/column.js';
import { decompressPage } from 'hyparquet/src/datapage.js';
import { getMaxDefinitionLevel } from 'hyparquet/src/schema.js';

export type PageHeader = ReturnType<typeof parquetHeader>;
export type ColumnDecoder = Parameters<typeof readPage>[2];

/** A decompressed page. */
export interface UnpackedPage {
  readonly bytes: Uint8Array;
  readonly header: PageHeader;
  readonly decoder: ColumnDecoder;
}

/** How many surplus values the last run may have, as some programs pad blocks to 512. */
const MAX_PADDING = 512;

/** Decompresses a page. Throws an `Error` if its runs hold more values than the page. */
export function unpackPage(packed: Uint8Array, header: PageHeader, decoder: ColumnDecoder): UnpackedPage {
  const page =
    header.data_page_header_v2 === undefined ? unpackV1(packed, header, decoder) : unpackV2(packed, header, decoder);
  return { ...page, decoder: { ...decoder, codec: 'UNCOMPRESSED' } };
}

function unpackV1(packed: Uint8Array, header: PageHeader, decoder: ColumnDecoder): Omit<UnpackedPage, 'decoder'> {
  const bytes = decompressPage(packed, header.uncompressed_page_size, decoder.codec, decoder.compressors);
  const unpacked = { bytes, header: { ...header, compressed_page_size: bytes.length } };
  const { data_page_header: data } = header;
  if (data === undefined) return unpacked;
  let at = 0;
  const width = levelWidth(decoder);
  if (width > 0) {
    const length = lengthAt(bytes, 0);
    at = 4 + length;
    checkRuns(part(bytes, 4, at), width, data.num_values);
  }
  checkValues(bytes.subarray(at), data.encoding, data.num_values);
  return unpacked;
}

function unpackV2(packed: Uint8Array, header: PageHeader, decoder: ColumnDecoder): Omit<UnpackedPage, 'decoder'> {
  const data = header.data_page_header_v2!;
  const { num_values: count, num_nulls: nulls, num_rows: rows } = data;
  if (!(nulls >= 0 && nulls <= count && rows === count))
    throw new Error(`${rows} rows of ${count} values, ${nulls} null`);
  const levels = data.repetition_levels_byte_length + data.definition_levels_byte_length;
  const width = levelWidth(decoder);
  const definitions = part(packed, data.repetition_levels_byte_length, levels);
  if (width > 0 && definitions.length > 0) checkRuns(definitions, width, count);
  const size = header.uncompressed_page_size - levels;
  let values = part(packed, levels, packed.length);
  if (data.is_compressed !== false && size > 0)
    values = decompressPage(values, size, decoder.codec, decoder.compressors);
  checkValues(values, data.encoding, count);
  const bytes = Buffer.concat([packed.subarray(0, levels), values]);
  const unpackedData = { ...data, is_compressed: false };
  return { bytes, header: { ...header, compressed_page_size: bytes.length, data_page_header_v2: unpackedData } };
}

/** The number of bits of a definition level. */
function levelWidth({ schemaPath }: ColumnDecoder): number {
  return 32 - Math.clz32(getMaxDefinitionLevel(schemaPath));
}

/** Checks the runs of dictionary indices and booleans. */
function checkValues(bytes: Uint8Array, encoding: string, count: number): void {
  if (encoding.endsWith('_DICTIONARY') && bytes.length > 0) checkRuns(bytes.subarray(1), bytes[0]!, count);
  else if (encoding === 'RLE' && bytes.length > 0) checkRuns(part(bytes, 4, 4 + lengthAt(bytes, 0)), 1, count);
}

/**
 * Walks the headers of runs of numbers of `width` bits (parquet.apache.org/docs/file-format/data-pages/encodings, "Run
 * Length Encoding / Bit-Packing Hybrid"). Throws if they hold more than `count`, or exceed the bytes.
 */
function checkRuns(bytes: Uint8Array, width: number, count: number): void {
  if (width > 32) throw new Error(`numbers of ${width} bits`);
  for (let [at, seen] = [0, 0]; at < bytes.length && seen < count;) {
    let [head, shift] = [0, 0];
    for (let isLast = false; !isLast; shift += 7) {
      if (at === bytes.length || shift > 28) throw new Error('a run without its length');
      head += (bytes[at]! & 0x7f) * 2 ** shift;
      isLast = bytes[at++]! < 0x80;
    }
    const isPacked = head % 2 === 1;
    const half = Math.floor(head / 2);
    const values = isPacked ? 8 * half : half;
    if (values > count - seen + MAX_PADDING) throw new Error(`a run of ${values} values among ${count}`);
    seen += values;
    at += isPacked ? half * width : Math.ceil(width / 8);
  }
}

function lengthAt(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(at, true);
}

/** Returns a range of the bytes. Throws if it exceeds them. */
function part(bytes: Uint8Array, start: number, end: number): Uint8Array {
  if (!(start >= 0 && start <= end && end <= bytes.length))
    throw new Error(`a part up to byte ${end} of ${bytes.length}`);
  return bytes.subarray(start, end);
}
