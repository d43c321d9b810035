/** @file To which lengths texts are cut, where an encoder's padding is computed once (`models/padding.ts`). */
import type { TextEncoder } from '../models/text-encoder.js';

/** A few, because each is recorded, and compiled when it is first met. */
const SHORTER = [16, 24, 32, 48, 64] as const;

/** The lengths that an encoder is given texts in. */
export interface TextLengths {
  /** Ascending; the last is that of whole texts. */
  readonly lengths: readonly number[];
  /** The id of the padding that may be cut off; absent where none may. */
  readonly padding?: number | undefined;
}

/**
 * @param length tokens of a whole text, padding included
 * @param dropoutRate 0 where there is no dropout; absent: the configured rates
 */
export function textLengths(encoder: TextEncoder, length: number, dropoutRate?: number): TextLengths {
  const padding = encoder.sharedPadding(dropoutRate);
  const shorter = padding === undefined ? [] : SHORTER.filter((each) => each < length);
  return { lengths: [...shorter, length], padding };
}

/**
 * The shortest length that holds every text with one place of padding at its end, or all of it.
 *
 * @param texts ids, row-major, each of whole texts
 */
export function lengthFor({ lengths, padding }: TextLengths, texts: readonly Int32Array[]): number {
  const whole = lengths.at(-1)!;
  if (padding === undefined) return whole;
  const needed = 1 + Math.max(...texts.map((ids) => longest(ids, whole, padding)));
  return lengths.find((length) => length >= needed) ?? whole;
}

/** The most places of a text up to its last token that is not padding. */
function longest(ids: Int32Array, length: number, padding: number): number {
  let most = 0;
  for (let start = 0; start < ids.length; start += length) {
    let end = length;
    while (end > most && ids[start + end - 1] === padding) end--;
    most = end;
  }
  return most;
}

/** The first `to` of the `from` places of every text. */
export function cutTexts<T extends Int32Array | Float32Array>(values: T, from: number, to: number): T {
  if (from === to) return values;
  const cut = new (values.constructor as new (length: number) => T)((values.length / from) * to);
  for (let row = 0; row * to < cut.length; row++) cut.set(values.subarray(row * from, row * from + to), row * to);
  return cut;
}
