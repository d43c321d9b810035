import { takeRows } from '../base/rows.js';
import { tokenBatch, type TokenBatch } from './token-batch.js';
import type { TextTokenizer } from './tokenizer.js';

/** A batch of some of the texts, as model input. */
export interface PlacedBatch extends TokenBatch {
  /** The indices of these texts. `[B]` */
  readonly places: Uint32Array;
}

/** The size of batches. */
export interface BatchExtent {
  /** Full-length texts per batch; batches of shorter texts are larger, with as many positions. */
  readonly batchSize: number;
  /** How many positions are computed per text if the longest text of its batch has this many tokens. */
  readonly placesFor: (tokens: number) => number;
}

/**
 * Batches texts by length, longest first, so that there is little padding; texts of equal length keep their order. A
 * batch has at most as many positions as `batchSize` full-length texts, so there are more texts if they are short:
 * matrix products with few rows are slower. The last batch has the remaining texts.
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
