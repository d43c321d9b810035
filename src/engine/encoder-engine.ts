/** The outputs for `B` texts, row-major. */
export interface Encoded {
  /** `[B, L, D]` */
  readonly lastHiddenState: Float32Array;
  /** `[B, D]` */
  readonly poolerOutput: Float32Array;
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
