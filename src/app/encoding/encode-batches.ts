/** @file Texts encoded a batch at a time. */
import type { Encoded, EncoderEngine } from '../../engine/encoder-engine.js';
import { tokenBatch } from '../../text/token-batch.js';
import type { TextTokenizer } from '../../text/tokenizer.js';

/** `N` texts, encoded `B` at a time: `L` tokens per text, `D` the model's width. */
export interface TextsToEncode {
  readonly texts: readonly string[];
  readonly tokenizer: TextTokenizer;
  /** D */
  readonly width: number;
  /** B */
  readonly batchSize: number;
  /** Whether a text's tokens attend to its tokens only, not to its padding. */
  readonly masked: boolean;
}

/** The outputs of a batch: `lastHiddenState` `[B, L, D]`, `poolerOutput` `[B, D]`. */
export interface EncodedBatch extends Encoded {
  /** Number of its first text, from 0. */
  readonly start: number;
  /** B; smaller in the last batch. */
  readonly size: number;
  /** `[B, L]` */
  readonly ids: Int32Array;
  /** How many of its texts were longer than `L` tokens, and cut. */
  readonly cut: number;
}

/** Encodes texts in their order, a batch at a time. */
export async function* encodeBatches(
  { texts, tokenizer, batchSize, masked }: TextsToEncode,
  engine: EncoderEngine,
): AsyncGenerator<EncodedBatch> {
  for (let start = 0; start < texts.length; start += batchSize) {
    const { ids, mask, size, cut } = tokenBatch(texts.slice(start, start + batchSize), tokenizer);
    const encoded = await engine.encode(ids, size, masked ? mask : undefined);
    yield { start, size, ids, cut, ...encoded };
  }
}
