/** @file The reference for an export: the encoder's own outputs for a few texts, computed before it is written. */
import type { Encoded, EncoderEngine } from '../engine/encoder-engine.js';
import { InputError } from '../base/errors.js';
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

/** The largest allowed difference; relative to the largest value, if that is over 1. */
export const TOLERANCE = { transformers: 2e-5, diffusers: 2e-5, onnx: 1e-4 } as const;

/** The ids of the texts. `[N, L]` */
export function referenceIds(tokenizer: TextTokenizer): Int32Array {
  const ids = new Int32Array(TEXTS.length * tokenizer.maxLength);
  for (const [row, text] of TEXTS.entries()) tokenizer.encodeInto(text, ids, row * tokenizer.maxLength);
  return ids;
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
