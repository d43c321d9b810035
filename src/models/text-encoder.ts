/**
 * @file The interface of a text encoder.
 *
 * Shape notation in this folder: `B` sentences, `L` tokens per sentence, `D` width, `H` heads, `K = D / H`, `F`
 * feed-forward width.
 */
import { sizeOf } from '../base/shape.js';
import type * as tf from '@tensorflow/tfjs-core';
import type { DropoutChoice, DropoutKey } from './dropout.js';
import type { TextModelConfig } from './config.js';

/** Parameters by their names on the hub. */
export type Params = Readonly<Record<string, tf.Tensor>>;

export type Shapes = Readonly<Record<string, readonly number[]>>;

/**
 * Where the texts of a batch are, if several share a row (`packing.ts`): `T` texts of `F` positions each, in `R` rows
 * of `L`. Rows are filled up with padding that belongs to no text.
 */
export interface Packing {
  /** The number of the text that each position belongs to; −1 for none. `[R, L]` float32 */
  readonly texts: tf.Tensor2D;
  /** The logarithm of how many positions of a text each position stands for. `[R, L]` float32 */
  readonly logCounts: tf.Tensor2D;
  /** The position among all `R · L` that has the output of each position of each text. `[T, F]` int32 */
  readonly places: tf.Tensor2D;
}

/** Inputs of a forward pass besides token ids. */
export interface ForwardOptions {
  /** 1 for tokens to attend to, 0 for padding. `[B, L]` float32. Absent: every position attends to every other. */
  readonly attentionMask?: tf.Tensor2D | undefined;
  /** Enables dropout; present in training. */
  readonly dropout?: DropoutKey | undefined;
  /**
   * The length of the hidden states, if `ids` were cut: the last position is padding in every text and stands for all
   * that were cut off. Only for encoders with `sharedPadding`.
   */
  readonly fullLength?: number | undefined;
  /**
   * Where texts are in the rows of `ids`, if several share a row. Only for encoders with `sharedPadding`, without
   * dropout and without a mask.
   */
  readonly packing?: Packing | undefined;
}

/** The outputs of a forward pass. */
export interface EncoderOutput {
  /** `[B, L, D]`, or `[B, fullLength, D]` or `[T, F, D]` of whole texts; `last_hidden_state` of transformers. */
  readonly lastHiddenState: tf.Tensor3D;
  /** `[B, D]`; `pooler_output` of transformers. */
  readonly poolerOutput: tf.Tensor2D;
}

/** A model as a value: its parameters' names, shapes and initial values, and a pure function of them. */
export interface TextEncoder {
  readonly config: TextModelConfig;
  /** The width `D` of its outputs: that of its configuration, or of the projection on top. */
  readonly width: number;
  /** Every parameter, in the order of use. */
  readonly shapes: Shapes;
  /** Whether a parameter is used only for the pooled output, and so gets no gradient from the hidden states. */
  isPooler(name: string): boolean;
  /** Whether a parameter is exempt from weight decay in the original experiments: biases and LayerNorm weights. */
  isBiasOrNorm(name: string): boolean;
  /**
   * The id of padding, if padding at the end of a text is the same at every position and so can be computed once;
   * otherwise undefined.
   *
   * @param dropout that of training; `{ rate: 0 }` without dropout
   */
  sharedPadding(dropout?: DropoutChoice): number | undefined;
  /** Initial values of one parameter, a pure function of seed and name. */
  initialise(name: string, seed: number): Float32Array;
  /**
   * Token ids to hidden states. Pure: keeps no tensors, so call it inside `tf.tidy`.
   *
   * @param ids `[B, L]` int32
   */
  forward(params: Params, ids: tf.Tensor2D, options?: ForwardOptions): EncoderOutput;
}

/** Bytes of a float32, the type of stored parameters. */
export const FLOAT_BYTES = 4;

/** The number of parameters of a model: 123,060,480 for CLIP-L's text model, 68,090,880 for klue/roberta-small. */
export function countParameters(shapes: Shapes): number {
  return Object.values(shapes).reduce((total, shape) => total + sizeOf(shape), 0);
}
