/** @file A weight as an ONNX file describes it, and a check that it has as many values as its shape says. */
import { isAbsolute, normalize } from 'node:path';
import { InputError } from '../base/errors.js';
import { sizeOf } from '../base/shape.js';
import { contentOf, fieldsOf, varintAt, type Field } from '../base/protobuf.js';
import { EXTERNAL, TENSOR } from '../onnx/format.js';
import type { RandomAccessFile } from '../weights/byte-source.js';
import { shown, shownShape } from '../weights/wording.js';
import { typeName } from './onnx-signature.js';

/** A weight without its values. */
export interface Weight {
  readonly name: string;
  /** Its number in `TensorProto.DataType`. */
  readonly type: number;
  readonly shape: readonly number[];
  /** Its values in the ONNX file, if stored there as raw bytes. */
  readonly inside: Field | undefined;
  /**
   * The bytes that its values take in the ONNX file; undefined if they are encoded with another length than in memory.
   */
  readonly bytesInside: number | undefined;
  /** Where its values are in another file: `location`, and usually `offset` and `length`. */
  readonly beside: ReadonlyMap<string, string> | undefined;
}

/** The end of a part of a file beside the ONNX file. */
export interface EndBeside {
  /** The name of the file. */
  readonly name: string;
  /** In bytes from its start. */
  readonly end: number;
}

/** Bytes per value, by the number of its type; other types are left to ONNX Runtime. */
const VALUE_BYTES: Readonly<Record<number, number>> = {
  ...{ 1: 4, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8, 12: 4, 13: 8, 14: 8, 15: 16, 16: 2 },
  ...{ 17: 1, 18: 1, 19: 1, 20: 1 }, // float8
};

/** Fields whose values have the same length as in memory, and those encoded with another, such as varints and texts. */
const PLAIN: readonly number[] = [TENSOR.floats, TENSOR.rawData, TENSOR.doubles];
const ENCODED: readonly number[] = [TENSOR.int32s, TENSOR.texts, TENSOR.int64s, TENSOR.uint64s];

/** Reads a weight, a `TensorProto`, without its values. */
export async function readWeight(file: RandomAccessFile, { content, end }: Field): Promise<Weight> {
  let [name, type, isBeside, isEncoded, bytesInside] = ['', 0, false, false, 0];
  let inside: Field | undefined;
  const shape: number[] = [];
  const place = new Map<string, string>();
  for await (const field of fieldsOf(file, content, end)) {
    const { number, value } = field;
    if (PLAIN.includes(number)) bytesInside += field.end - field.content;
    if (ENCODED.includes(number)) isEncoded = true;
    if (number === TENSOR.name) name = (await contentOf(file, field)).toString();
    else if (number === TENSOR.dims) shape.push(...sizesIn(await contentOf(file, field)));
    else if (number === TENSOR.dataType) type = value;
    else if (number === TENSOR.rawData) inside = field;
    else if (number === TENSOR.dataLocation) isBeside = value === EXTERNAL;
    else if (number === TENSOR.externalData) place.set(...(await readEntry(file, field)));
  }
  const beside = isBeside ? place : undefined;
  return { name, type, shape, inside, bytesInside: isEncoded ? undefined : bytesInside, beside };
}

/**
 * Checks that a weight has as many values as its shape says, as far as the ONNX file shows.
 *
 * @param location the ONNX file, for messages
 * @returns where its values end in a file beside the ONNX file, if they are there
 * @throws InputError, which names no remedy, for a weight that does not
 */
export function checkWeight(location: string, weight: Weight): EndBeside | undefined {
  const { name, type, shape, bytesInside, beside } = weight;
  const what = `the weight ${shown(name)} of ${typeName(type)} ${shownShape(shape)}`;
  const wrong = (expected: string, got: string): InputError =>
    new InputError(`${location}: expected ${expected} for ${what}, got ${got}`);
  if (!shape.every((size) => size >= 0)) throw wrong('sizes of 0 or more', shownShape(shape));
  const each = VALUE_BYTES[type];
  const needed = each === undefined ? undefined : each * sizeOf(shape);
  if (beside === undefined) {
    if ((bytesInside ?? needed) !== (needed ?? bytesInside)) throw wrong(`${needed} bytes`, String(bytesInside));
    return undefined;
  }
  const [file = '', offset = '0', length = String(needed ?? 0)] = ['location', 'offset', 'length'].map((key) =>
    beside.get(key),
  );
  if (file === '') throw wrong('the name of a file', 'none');
  if (isAbsolute(file) || normalize(file).startsWith('..')) throw wrong('a file in the same folder', shown(file));
  if (![offset, length].every((text) => /^\d{1,15}$/.test(text)))
    throw wrong(`whole numbers as the place in ${shown(file)}`, `offset ${shown(offset)}, length ${shown(length)}`);
  if (Number(length) !== (needed ?? Number(length))) throw wrong(`${needed} bytes in ${shown(file)}`, length);
  return { name: file, end: Number(offset) + Number(length) };
}

/** A size, or several of them in one field. */
function sizesIn(content: Buffer): number[] {
  const sizes: number[] = [];
  for (let at = 0; at < content.length;) {
    const { value, length } = varintAt(content, at) ?? { value: 0, length: content.length };
    sizes.push(value > Number.MAX_SAFE_INTEGER ? -1 : value); // a negative one takes 64 bits
    at += length;
  }
  return sizes;
}

/** A `StringStringEntryProto`: key and value. */
async function readEntry(file: RandomAccessFile, { content, end }: Field): Promise<[string, string]> {
  const texts: string[] = [];
  for await (const field of fieldsOf(file, content, end)) texts.push((await contentOf(file, field)).toString());
  return [texts[0] ?? '', texts[1] ?? ''];
}
