import { takeRows } from '../base/rows.js';
import { tokenBatch, type TokenBatch } from './token-batch.js';
import type { TextTokenizer } from './tokenizer.js';

/** Some of several texts, as a model takes them. */
export interface PlacedBatch extends TokenBatch {
  /** Which of the texts these are, from 0. `[B]` */
  readonly places: Uint32Array;
}

/** How large batches are. */
export interface BatchExtent {
  /** Texts of full length in a batch; shorter ones are more, of as many places. */
  readonly batchSize: number;
  /** How many places of a text are computed where the longest of its batch has so many tokens. */
  readonly placesFor: (tokens: number) => number;
}

/**
 * Texts in batches of like length, the longest first, so that little of a batch is padding; texts of one length keep
 * their order. A batch has at most as many places as `batchSize` texts of full length, and so more texts where these
 * are short: products of few rows are slower. The last batch has what is left over.
 */
export function* batchesByLength(
  texts: readonly string[],
  tokenizer: TextTokenizer,
  { batchSize, placesFor }: BatchExtent,
): Generator<PlacedBatch> {
  const all = tokenBatch(texts, tokenizer);
  const { maxLength } = tokenizer;
  const kept = all.lengths.map((tokens) => Math.min(tokens, maxLength));
  const order = Uint32Array.from(texts.keys()).sort((a, b) => kept[b]! - kept[a]! || a - b);
  for (let start = 0; start < texts.length;) {
    const size = Math.floor((batchSize * maxLength) / placesFor(kept[order[start]!]!));
    const places = order.subarray(start, start + size);
    start += size;
    const lengths = Int32Array.from(places, (place) => all.lengths[place]!);
    yield {
      places,
      size: places.length,
      ids: takeRows(all.ids, places, maxLength),
      mask: takeRows(all.mask, places, maxLength),
      lengths,
      cut: lengths.filter((tokens) => tokens > maxLength).length,
    };
  }
}
