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
  /**
   * Lengths to which texts may be cut where their padding is computed once, ascending; those of encoding on a processor
   * unless given.
   */
  readonly textLengths?: readonly number[];
}

/** A model that is ready to encode. */
export interface EncoderEngine {
  /**
   * @param ids `[B, L]`, row-major
   * @param attentionMask `[B, L]`, 1 for a token and 0 for padding; absent: no mask
   */
  encode(ids: Int32Array, batch: number, attentionMask?: Float32Array): Promise<Encoded>;
  dispose(): void;
}
