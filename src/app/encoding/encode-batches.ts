/** @file Texts encoded a batch at a time. */
import { oneAhead } from '../../base/one-ahead.js';
import type { Encoded, EncoderEngine } from '../../engine/encoder-engine.js';
import { batchesByLength } from '../../text/length-batches.js';
import type { TextTokenizer } from '../../text/tokenizer.js';

/** `N` texts, encoded in batches of `B`: `L` tokens per text, `D` the model's width. */
export interface TextsToEncode {
  readonly texts: readonly string[];
  readonly tokenizer: TextTokenizer;
  /** D */
  readonly width: number;
  /** Texts of full length in a batch; shorter ones are more, of as many places. */
  readonly batchSize: number;
  /** Whether a text's tokens attend to its tokens only, not to its padding. */
  readonly masked: boolean;
}

/** The outputs of a batch: `lastHiddenState` `[B, L, D]`, `poolerOutput` `[B, D]`. */
export interface EncodedBatch extends Encoded {
  /** The numbers of its texts, from 0. `[B]` */
  readonly rows: Uint32Array;
  /** `[B, L]` */
  readonly ids: Int32Array;
  /** How many of its texts were longer than `L` tokens, and cut. */
  readonly cut: number;
}

/** Texts that are sorted together, at least: enough that nearly all batches are of one length. */
const WINDOW = 1024;

/**
 * Encodes texts a batch at a time: in windows of at least `WINDOW` texts those of like length together, so in another
 * order than they have. The next batch is encoded while one is used.
 */
export function encodeBatches(texts: TextsToEncode, engine: EncoderEngine): AsyncGenerator<EncodedBatch, void> {
  return oneAhead(encodeInTurn(texts, engine));
}

async function* encodeInTurn(
  { texts, tokenizer, batchSize, masked }: TextsToEncode,
  engine: EncoderEngine,
): AsyncGenerator<EncodedBatch, void> {
  const window = batchSize * Math.ceil(WINDOW / batchSize);
  const extent = { batchSize, placesFor: engine.placesFor };
  for (let start = 0; start < texts.length; start += window) {
    for (const batch of batchesByLength(texts.slice(start, start + window), tokenizer, extent)) {
      const { places, ids, mask, size, cut } = batch;
      const encoded = await engine.encode(ids, size, masked ? mask : undefined);
      yield { rows: places.map((place) => start + place), ids, cut, ...encoded };
    }
  }
}
