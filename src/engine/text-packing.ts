/**
 * @file Packs texts into as few rows as possible: best-fit decreasing, which takes at most 11/9 of the least number and
 * one row (Johnson et al., SIAM J. Comput. 3, 1974), and mostly hardly any more than their lengths add up to.
 */
import { tokensAt } from './text-lengths.js';

/** Where texts are in rows. */
export interface RowPlaces {
  /** R */
  readonly rows: number;
  /** For each text, the position among all `R · L` at which it begins. */
  readonly starts: Int32Array;
}

/** Packed texts as `models/packing.ts` takes them, row-major. */
export interface PackingArrays {
  /** `[R, L]` */
  readonly texts: Float32Array;
  /** `[R, L]` */
  readonly logCounts: Float32Array;
  /** `[T, F]` */
  readonly places: Int32Array;
}

/** Whole texts, padded at the end. */
export interface PaddedTexts {
  /** `[T, F]`, row-major */
  readonly ids: Int32Array;
  /** F */
  readonly length: number;
  /** The id of padding. */
  readonly padding: number;
}

/** How many positions each text takes in a row: its tokens, and one for all of its padding, if it has any. */
export function positionsOf({ ids, length, padding }: PaddedTexts): Int32Array {
  return Int32Array.from({ length: ids.length / length }, (_, text) =>
    Math.min(tokensAt(ids, text * length, length, padding) + 1, length),
  );
}

/**
 * Places texts in rows, the longest first, each where the least space is left. Depends on the lengths only.
 *
 * @param positions of each text; none over `length`
 * @param length of a row
 */
export function packRows(positions: Int32Array, length: number): RowPlaces {
  const order = Array.from(positions.keys()).sort((a, b) => positions[b]! - positions[a]! || a - b);
  const withSpace: number[][] = Array.from({ length: length + 1 }, () => []); // rows by the space left in them
  const starts = new Int32Array(positions.length);
  let rows = 0;
  for (const text of order) {
    const taken = positions[text]!;
    let space = taken;
    while (space < length && withSpace[space]!.length === 0) space++;
    const row = withSpace[space]!.pop() ?? rows++;
    starts[text] = row * length + length - space;
    withSpace[space - taken]!.push(row);
  }
  return { rows, starts };
}

/**
 * Ids and packing of texts in `rows` rows of their full length, filled up with padding.
 *
 * @param rows R, at least as many as `packRows` found
 * @param places of `packRows` for these texts
 */
export function packTexts(
  { ids, length, padding }: PaddedTexts,
  positions: Int32Array,
  { starts }: RowPlaces,
  rows: number,
): { readonly ids: Int32Array; readonly packing: PackingArrays } {
  const packed = new Int32Array(rows * length).fill(padding);
  const texts = new Float32Array(rows * length).fill(-1);
  const logCounts = new Float32Array(rows * length);
  const places = new Int32Array(positions.length * length);
  for (const [text, start] of starts.entries()) {
    const taken = positions[text]!;
    packed.set(ids.subarray(text * length, text * length + taken), start);
    texts.fill(text, start, start + taken);
    logCounts[start + taken - 1] = Math.log(length - taken + 1);
    for (let i = 0; i < length; i++) places[text * length + i] = start + Math.min(i, taken - 1);
  }
  return { ids: packed, packing: { texts, logCounts, places } };
}
