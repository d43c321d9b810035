/** @file Encodes texts batch by batch. */
import { oneAhead } from '../../base/one-ahead.js';
import type { Encoded, EncoderEngine } from '../../engine/encoder-engine.js';
import { batchesByLength } from '../../text/length-batches.js';
import type { TextTokenizer } from '../../text/tokenizer.js';

/** `N` texts to encode in batches of `B`. `L` is the number of tokens per text, `D` the model's width. */
export interface TextsToEncode {
  readonly texts: readonly string[];
  readonly tokenizer: TextTokenizer;
  /** D */
  readonly width: number;
  /**
   * Full-length texts per batch; absent: as many as the engine computes at once. A batch of shorter texts holds more of
   * them, with as many tokens in total.
   */
  readonly batchSize?: number | undefined;
  /** Whether attention masks out padding. */
  readonly masked: boolean;
}

/** The outputs of a batch: `lastHiddenState` `[B, L, D]`, `poolerOutput` `[B, D]`. */
export interface EncodedBatch extends Encoded {
  /** The indices of its texts. `[B]` */
  readonly rows: Uint32Array;
  /** `[B, L]` */
  readonly ids: Int32Array;
  /** How many of its texts were truncated to `L` tokens. */
  readonly cut: number;
}

/** The fewest texts to sort together: enough that almost every batch holds texts of one length. */
const WINDOW = 1024;

/**
 * Encodes texts batch by batch. Within windows of at least `WINDOW` texts, those of similar length are batched
 * together, so results come out of order. The next batch is encoded while the current one is used.
 */
export function encodeBatches(texts: TextsToEncode, engine: EncoderEngine): AsyncGenerator<EncodedBatch, void> {
  return oneAhead(encodeInTurn(texts, engine));
}

async function* encodeInTurn(
  { texts, tokenizer, masked, ...asked }: TextsToEncode,
  engine: EncoderEngine,
): AsyncGenerator<EncodedBatch, void> {
  const { batchSize = engine.batchSize } = asked;
  const window = batchSize * Math.ceil(WINDOW / batchSize);
  const extent = { batchSize, placesFor: engine.positionsFor };
  for (let start = 0; start < texts.length; start += window) {
    for (const batch of batchesByLength(texts.slice(start, start + window), tokenizer, extent)) {
      const { places, ids, mask, size, cut } = batch;
      const encoded = await engine.encode(ids, size, masked ? mask : undefined);
      yield { rows: places.map((place) => start + place), ids, cut, ...encoded };
    }
  }
}
