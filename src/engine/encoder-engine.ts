import type { Precision } from '../distill/engine.js';

/** The outputs for `B` texts, row-major. */
export interface Encoded {
  /** `[B, L, D]` */
  readonly lastHiddenState: Float32Array;
  /** `[B, D]` */
  readonly poolerOutput: Float32Array;
}

/** How a model encodes. */
export interface EncoderOptions {
  /** L, tokens a text; that of all texts here unless given. */
  readonly length?: number;
  /** In what products are computed; float32 unless given. bfloat16 needs a recorded graph. */
  readonly precision?: Precision;
  /** On what it encodes; a processor unless given. */
  readonly device?: 'cpu' | 'gpu';
  /** Whether all texts come with attention masks; else none does. */
  readonly masked?: boolean;
}

/** A model that is ready to encode. */
export interface EncoderEngine {
  /**
   * @param ids `[B, L]`, row-major
   * @param attentionMask `[B, L]`, 1 for a token and 0 for padding; absent: no mask, as the engine was opened
   */
  encode(ids: Int32Array, batch: number, attentionMask?: Float32Array): Promise<Encoded>;
  /** How many places of a text are computed that has so many tokens, and so has the longest of its batch: at most L. */
  readonly placesFor: (tokens: number) => number;
  dispose(): void;
}
