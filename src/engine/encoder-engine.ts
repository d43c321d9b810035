import type { Precision } from './precision-choice.js';

/** The outputs for `B` texts, row-major. */
export interface Encoded {
  /** `[B, L, D]` */
  readonly lastHiddenState: Float32Array;
  /** `[B, D]` */
  readonly poolerOutput: Float32Array;
}

/** How a model encodes. */
export interface EncoderOptions {
  /** L, tokens per text; default: `MAX_LENGTH`. */
  readonly length?: number;
  /** Precision of matrix products; default: float32. bfloat16 needs a recorded graph. */
  readonly precision?: Precision;
  /** Default: the CPU. */
  readonly device?: 'cpu' | 'gpu';
  /** What tensors may take of the GPU's memory, by which the number of texts in a pass is chosen; absent if unknown. */
  readonly memoryBytes?: number | undefined;
  /** Whether all texts come with attention masks; otherwise none do. */
  readonly masked?: boolean;
}

/** A model that is ready to encode. */
export interface EncoderEngine {
  /** Full-length texts that are computed at once; larger batches are split. */
  readonly batchSize: number;
  /**
   * @param ids `[B, L]`, row-major
   * @param attentionMask `[B, L]`, 1 for a token and 0 for padding: required if the engine was opened with `masked`,
   *   else absent
   */
  encode(ids: Int32Array, batch: number, attentionMask?: Float32Array): Promise<Encoded>;
  /** How many positions of each text are computed, at most L, if the longest text of a batch has this many tokens. */
  readonly positionsFor: (tokens: number) => number;
  dispose(): void;
}
