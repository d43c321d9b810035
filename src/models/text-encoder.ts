/**
 * @file What a text encoder is to the rest of the program.
 *
 * Shape notation in this folder:
 * - `B` sentences, `L` tokens a sentence, `D` width, `H` heads, `K = D / H`, `F` feed-forward width
 */
import type * as tf from '@tensorflow/tfjs-core';
import type { DropoutKey } from './dropout.js';
import type { TextModelConfig } from './config.js';

/** Parameters by the name they have on the hub. */
export type Params = Readonly<Record<string, tf.Tensor>>;

export type Shapes = Readonly<Record<string, readonly number[]>>;

/** What a forward pass may be given besides token ids. */
export interface ForwardOptions {
  /** 1 for a token to attend to, 0 for padding. `[B, L]` float32. Absent: every position attends to every other. */
  readonly attentionMask?: tf.Tensor2D | undefined;
  /** Present in training: turns dropout on. */
  readonly dropout?: DropoutKey | undefined;
  /**
   * The length of the hidden states, where `ids` were cut: the last of them is padding in every text and stands for all
   * places from there on. Only for an encoder with `sharedPadding`.
   */
  readonly fullLength?: number | undefined;
}

export interface EncoderOutput {
  /** `[B, L, D]`, or `[B, fullLength, D]`; as `last_hidden_state` of transformers. */
  readonly lastHiddenState: tf.Tensor3D;
  /** `[B, D]`, as `pooler_output` of transformers. */
  readonly poolerOutput: tf.Tensor2D;
}

/** A model as a value: its parameters' names and shapes, how they start, and a pure function over them. */
export interface TextEncoder {
  readonly config: TextModelConfig;
  /** D of its outputs: its configuration's, or that of the projection on top. */
  readonly width: number;
  /** Every parameter, in the order in which it is used. */
  readonly shapes: Shapes;
  /** Whether a parameter serves the pooled output alone, and so gets no gradient from the hidden states. */
  isPooler(name: string): boolean;
  /** Whether weight decay leaves a parameter alone in the original experiments: biases and LayerNorm weights. */
  isBiasOrNorm(name: string): boolean;
  /**
   * The id of the padding that comes out alike at every place at a text's end, so that one place can be computed for
   * all; absent where it does not.
   *
   * @param dropoutRate 0 where there is no dropout; absent: the configured rates
   */
  sharedPadding(dropoutRate?: number): number | undefined;
  /** Fresh values for one parameter, a pure function of seed and name. */
  initialise(name: string, seed: number): Float32Array;
  /**
   * Token ids to hidden states. Pure: owns nothing, so call it inside `tf.tidy`.
   *
   * @param ids `[B, L]` int32
   */
  forward(params: Params, ids: tf.Tensor2D, options?: ForwardOptions): EncoderOutput;
}

/** The number of values in a tensor of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, dimension) => size * dimension, 1);
}

/** The number of parameters of a model: 123,060,480 for CLIP-L's text model, 68,090,880 for klue/roberta-small. */
export function countParameters(shapes: Shapes): number {
  return Object.values(shapes).reduce((total, shape) => total + sizeOf(shape), 0);
}
