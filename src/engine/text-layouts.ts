/** @file The layouts in which a recorded step may compute the student's texts, and the choice among them. */
import type { Batch } from '../data/batches.js';
import type { DropoutChoice } from '../models/dropout.js';
import type { TextEncoder } from '../models/text-encoder.js';
import type { EngineOptions, GraphOptions } from './engine-options.js';
import { cutTexts, lengthFor, textLengths } from './text-lengths.js';
import { packRows, packTexts, positionsOf, type PackingArrays } from './text-packing.js';

/** The rows of the student's texts in a step, English ones and Korean ones together. */
export interface TextLayout {
  /** R; two for each pair, unless texts are packed. */
  readonly rows: number;
  /** L, positions in a row. */
  readonly length: number;
}

/** The layouts of a step. */
export interface TextLayouts {
  /** From the smallest to that of whole texts. */
  readonly layouts: readonly TextLayout[];
  /** The id of the padding that is computed once; absent if all is computed. */
  readonly padding?: number | undefined;
  /** Whether the smaller ones have several texts in a row, rather than shorter rows. */
  readonly isPacked: boolean;
}

/** The student's texts of a batch in one of the layouts. */
export interface ArrangedTexts {
  readonly layout: TextLayout;
  /** `[R, L]`, row-major. */
  readonly ids: Int32Array;
  /** Absent if each text has a row. */
  readonly packing?: PackingArrays | undefined;
}

/**
 * The numbers of rows that texts are packed into, as shares of the number of texts. Each is recorded, and TensorFlow
 * prepares it on first use; the texts of a run's batches mostly need one or two of them, those grouped by length more.
 *
 * - For small models, recording one takes as long as several steps, so there are few.
 * - On a GPU there are few, because XLA compiles the whole step again for each, which may take minutes for many.
 */
const PACKED_SHARES = {
  small: [1 / 4, 1 / 2, 3 / 4],
  large: { cpu: [1 / 8, 3 / 16, 1 / 4, 1 / 3, 5 / 12, 1 / 2, 5 / 8, 3 / 4], gpu: [1 / 4, 5 / 12, 5 / 8] },
} as const;

/** The numbers of rows that texts are packed into on a device, as shares of the number of texts. */
export function packedSharesOf(isLarge: boolean, device: 'cpu' | 'gpu'): readonly number[] {
  return isLarge ? PACKED_SHARES.large[device] : PACKED_SHARES.small;
}

/**
 * The layouts in which a step may compute an encoder's texts. Where padding is computed once, texts share rows (without
 * dropout, if the options have `packedShares`), or all of them are cut to fewer positions.
 *
 * @param length tokens of a full-length text, padding included
 * @param batchSize pairs in a micro-batch
 * @param dropout of training; absent: none
 */
export function textLayouts(
  encoder: TextEncoder,
  length: number,
  batchSize: number,
  dropout: DropoutChoice = { rate: 0 },
  { textLengths: lengths, packedShares = [] }: Pick<GraphOptions, 'textLengths' | 'packedShares'> = {},
): TextLayouts {
  const texts = 2 * batchSize;
  const hasDropout = encoder.sharedPadding({ ...dropout, padding: 'each' }) === undefined;
  if (hasDropout || packedShares.length === 0) {
    const cut = textLengths(encoder, length, dropout, lengths);
    const layouts = cut.lengths.map((each) => ({ rows: texts, length: each }));
    return { layouts, padding: cut.padding, isPacked: false };
  }
  const rows = new Set([...packedShares.map((share) => Math.ceil(share * texts)), texts]);
  const layouts = [...rows].map((each) => ({ rows: each, length }));
  return { layouts, padding: encoder.sharedPadding(dropout), isPacked: true };
}

/** Rows and positions: `27x77`. */
export function layoutName({ rows, length }: TextLayout): string {
  return `${rows}x${length}`;
}

/**
 * The layouts of a run's steps, and of its evaluations, which have no dropout. The former are among the latter.
 *
 * @param length tokens of a full-length text, padding included
 */
export function layoutsOf(
  encoder: TextEncoder,
  length: number,
  options: Pick<EngineOptions, 'batchSize' | 'dropout' | 'padding' | 'textLengths' | 'packedShares'>,
): { readonly step: TextLayouts; readonly evaluation: TextLayouts } {
  const { batchSize, dropout: rate, padding } = options;
  const step = textLayouts(encoder, length, batchSize, { rate, padding }, options);
  const computesAll = step.padding === undefined;
  return { step, evaluation: computesAll ? textLayouts(encoder, length, batchSize, undefined, options) : step };
}

/**
 * The student's texts of a batch in the smallest layout that holds them. A smaller batch is filled up with texts that
 * do not count, and packed into as many rows as a full batch of such texts, for which the layout is compiled already.
 */
export function arrangeTexts(batch: Batch, layouts: TextLayouts): ArrangedTexts {
  const whole = layouts.layouts.at(-1)!;
  if (layouts.padding === undefined) return { layout: whole, ids: inRows(batch, whole, 0) };
  if (!layouts.isPacked) {
    const lengths = { lengths: layouts.layouts.map(({ length }) => length), padding: layouts.padding };
    const layout = { ...whole, length: lengthFor(lengths, batch.studentTokens) };
    return { layout, ids: inRows(batch, layout, layouts.padding) };
  }
  const texts = { ids: inRows(batch, whole, layouts.padding), length: whole.length, padding: layouts.padding };
  const positions = positionsOf(texts);
  const places = packRows(positions, whole.length);
  const needed = Math.min(Math.ceil((places.rows * whole.rows) / (2 * batch.size)), whole.rows);
  const layout = layouts.layouts.find(({ rows }) => rows >= needed)!;
  return layout.rows === whole.rows
    ? { layout, ids: texts.ids }
    : { layout, ...packTexts(texts, positions, places, layout.rows) };
}

/** The ids of English texts, then of Korean ones, each in a row; `filler` where there are no more texts. `[R, L]` */
function inRows({ size, studentIdsEn, studentIdsKo }: Batch, { rows, length }: TextLayout, filler: number): Int32Array {
  const ids = new Int32Array(rows * length).fill(filler);
  ids.set(cutTexts(studentIdsEn, studentIdsEn.length / size, length));
  ids.set(cutTexts(studentIdsKo, studentIdsKo.length / size, length), (rows / 2) * length);
  return ids;
}
