/** @file The lengths to which texts are cut when an encoder's padding is computed once (`models/padding.ts`). */
import type { DropoutChoice } from '../models/dropout.js';
import type { TextEncoder } from '../models/text-encoder.js';

/**
 * Lengths to which texts may be cut, ascending; the full length, 77 tokens, is always among them.
 *
 * - Training on a CPU: only a few, because forward pass, backward pass and update are recorded for each.
 * - Encoding on a CPU: more, because only the forward pass is.
 * - A GPU: fewest, because XLA compiles the whole step again for every length, which may take minutes for many. On the
 *   generated corpora these compute 61% of the student's positions (those for a CPU: 60%); on texts with 0.6 times the
 *   tokens, 42% (36%); `scripts/bench/text-lengths.mjs`.
 */
const LENGTHS = {
  training: { cpu: [16, 24, 32, 48, 64, 77], gpu: [32, 48, 77] },
  encoding: { cpu: [8, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64, 77], gpu: [32, 48, 77] },
} as const;

/** The lengths to which texts may be cut on a device. */
export function lengthsOn(device: 'cpu' | 'gpu', work: keyof typeof LENGTHS): readonly number[] {
  return LENGTHS[work][device];
}

/** The lengths to which an encoder's texts may be cut. */
export interface TextLengths {
  /** Ascending; the last is the full length. */
  readonly lengths: readonly number[];
  /** The id of the padding that may be cut off; absent if none may. */
  readonly padding?: number | undefined;
}

/**
 * The lengths to which an encoder's texts may be cut: only the full one if its padding must not be cut off.
 *
 * @param length tokens of a full-length text, padding included
 * @param dropout of training; absent: none
 * @param lengths ascending; default: those for training on a CPU
 */
export function textLengths(
  encoder: TextEncoder,
  length: number,
  dropout: DropoutChoice = { rate: 0 },
  lengths: readonly number[] = LENGTHS.training.cpu,
): TextLengths {
  const padding = encoder.sharedPadding(dropout);
  const shorter = padding === undefined ? [] : lengths.filter((each) => each < length);
  return { lengths: [...shorter, length], padding };
}

/**
 * The shortest length at which every text ends in padding or is complete.
 *
 * @param tokens of the longest text, without padding
 */
export function lengthFor({ lengths, padding }: TextLengths, tokens: number): number {
  const whole = lengths.at(-1)!;
  return padding === undefined ? whole : (lengths.find((length) => length > tokens) ?? whole);
}

/**
 * Like `lengthFor`, from the texts' ids.
 *
 * @param ids row-major, of full-length texts
 */
export function lengthForIds(lengths: TextLengths, ids: Int32Array): number {
  const whole = lengths.lengths.at(-1)!;
  return lengths.padding === undefined ? whole : lengthFor(lengths, longest(ids, whole, lengths.padding));
}

/** Tokens of the longest text, without the padding at its end. */
function longest(ids: Int32Array, length: number, padding: number): number {
  let most = 0;
  for (let start = 0; start < ids.length; start += length) most = Math.max(most, tokensAt(ids, start, length, padding));
  return most;
}

/**
 * Tokens of one text, without the padding at its end. Padding before a token counts as a token.
 *
 * @param start its first place in `ids`
 * @param length its tokens, padding included
 */
export function tokensAt(ids: Int32Array, start: number, length: number, padding: number): number {
  let end = length;
  while (end > 0 && ids[start + end - 1] === padding) end--;
  return end;
}

/** The first `to` of the `from` positions of every text. */
export function cutTexts<T extends Int32Array | Float32Array>(values: T, from: number, to: number): T {
  if (from === to) return values;
  const cut = new (values.constructor as new (length: number) => T)((values.length / from) * to);
  for (let row = 0; row * to < cut.length; row++) cut.set(values.subarray(row * from, row * from + to), row * to);
  return cut;
}
