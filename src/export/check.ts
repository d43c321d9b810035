/** @file The reference for an export: the encoder's own outputs for a few texts, computed before it is written. */
import type { Encoded, EncoderEngine } from '../engine/encoder-engine.js';
import { InputError } from '../base/errors.js';
import type { TextEncoder } from '../models/text-encoder.js';
import { MAX_LENGTH } from '../text/max-length.js';
import { tokenBatch } from '../text/token-batch.js';
import type { TextTokenizer } from '../text/tokenizer.js';

/** An empty text, both languages, mixed, and one over 77 tokens. */
const TEXTS = [
  '',
  'a yellow car',
  '노란색 차',
  'A cat sleeps on the sofa. 고양이가 소파에서 잔다. 123!',
  '말을 타는 남자와 자전거를 타는 여자가 강가를 달린다. '.repeat(12),
];

/** `N` texts' ids and the encoder's outputs for them. */
export interface Reference {
  readonly size: number;
  /** `[N, L]` */
  readonly ids: Int32Array;
  readonly outputs: Encoded;
}

/** float32's unit roundoff (IEEE 754): the largest relative error of one correctly rounded operation. */
const UNIT_ROUNDOFF = 2 ** -24;

/** Of sums' rounding errors, in units of their standard bound, `λ`: an error above it has a probability of e^-λ²/2. */
const CONFIDENCE = 8;

/**
 * The largest difference between two float32 computations of an encoder that rounding explains; relative to the
 * largest value, if that is over 1. A value depends on sums of `n` terms in a row, each rounded, whose relative error
 * is at most `λ √n u` (Higham and Mary, A New Approach to Probabilistic Rounding Error Analysis, 2019): in each layer,
 * sums over the width for query, key, value and output, over a head and the positions for attention, and over both
 * sides of the feed-forward part.
 */
export function toleranceOf({ config, width }: Pick<TextEncoder, 'config' | 'width'>): number {
  const { hiddenSize, intermediateSize, numHiddenLayers, numAttentionHeads } = config;
  const attention = 2 * hiddenSize + hiddenSize / numAttentionHeads + MAX_LENGTH;
  const layer = attention + hiddenSize + intermediateSize;
  const terms = numHiddenLayers * layer + hiddenSize + width; // and a pooler or a projection
  return 2 * CONFIDENCE * Math.sqrt(terms) * UNIT_ROUNDOFF; // both are rounded
}

/** The ids of the texts. `[N, L]` */
export function referenceIds(tokenizer: TextTokenizer): Int32Array {
  return tokenBatch(TEXTS, tokenizer).ids;
}

/** Encodes the texts, then disposes of the engine. */
export async function encodeReference(engine: EncoderEngine, tokenizer: TextTokenizer): Promise<Reference> {
  try {
    const ids = referenceIds(tokenizer);
    return { size: TEXTS.length, ids, outputs: await engine.encode(ids, TEXTS.length) };
  } finally {
    engine.dispose();
  }
}

/**
 * The largest difference between an export's outputs and the encoder's own.
 *
 * @throws InputError if the encoder's own outputs are not finite; Error if the export is not the same model
 */
export function compareOutputs(expected: Encoded, actual: Encoded, tolerance: number): number {
  const parts = [
    [expected.lastHiddenState, actual.lastHiddenState],
    [expected.poolerOutput, actual.poolerOutput],
  ] as const;
  let largest = 0;
  let scale = 1;
  for (const [wanted, got] of parts) {
    if (wanted.length !== got.length)
      throw new Error(`the export gives ${got.length} values, the model ${wanted.length}`);
    for (let i = 0; i < wanted.length; i++) {
      if (!Number.isFinite(wanted[i]))
        throw new InputError(
          'expected finite outputs of the model, got others; its weights are damaged, or its training diverged',
        );
      scale = Math.max(scale, Math.abs(wanted[i]!));
      const difference = Math.abs(wanted[i]! - got[i]!);
      largest = Number.isNaN(difference) ? Infinity : Math.max(largest, difference);
    }
  }
  if (largest > tolerance * scale)
    throw new Error(`the export differs from the model by ${largest}, more than ${tolerance * scale}`);
  return largest;
}
