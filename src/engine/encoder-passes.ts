/** @file The forward passes that are recorded to encode with: their batch sizes and lengths, and which one to run. */
import type * as tf from '@tensorflow/tfjs-core';
import type { TextEncoder } from '../models/text-encoder.js';
import { Graph, type GraphNode } from './graph/graph.js';
import { peakBytes } from './graph/liveness.js';
import { declareModel, recordedParams, type ModelVariables } from './graph/model-variables.js';
import { toBfloat16 } from './graph/precision.js';
import { record, type Recording } from './graph/recorder.js';
import { after, placeholder } from './graph/variables.js';
import type { EncoderOptions } from './encoder-engine.js';
import { FRAGMENTATION } from './memory.js';

/** Full-length texts in a CPU's largest pass. More rows would not make products faster, but would take more memory. */
const LARGEST_ON_CPU = 32;

/**
 * Full-length texts in a GPU's largest pass: the first number that fits; if none does, a CPU's.
 *
 * A product of 768 columns, the narrowest, is computed in tiles of 128 × 128, each by one of a GPU's multiprocessors,
 * of which an H200 has 132. 32 texts make 120 tiles, so that some of them have nothing to do; 256 make 924, seven for
 * each.
 */
const LARGEST_ON_GPU = [256, 128, 64] as const;

/** The share of a GPU's memory that one pass may take; several models may be loaded, with their weights. */
const SHARE_OF_PASS = 1 / 8;

/** Batch sizes of the recorded passes for full-length texts. Other batches are split, and the last part is padded. */
const FULL_LENGTH_BATCH_SIZES = [1, 4, 16, 32, 64, 128, 256] as const;
/** The smallest batch size for shorter texts; the largest one has as many positions as the largest pass. */
const SHORT_TEXT_BATCH_SIZE = 32;
/** On a GPU, whose largest pass is larger, there are some in between, each this many times the next smaller. */
const SHORT_TEXT_FACTOR = 4;

/** One recorded forward pass. */
export interface ForwardPass {
  readonly size: number;
  /** The length to which its texts are cut. */
  readonly length: number;
  /** `[size, length]` int32 */
  readonly ids: GraphNode;
  /** `[size, length]` float32 */
  readonly mask: GraphNode | undefined;
  /** `[size, L, D]` */
  readonly lastHiddenState: GraphNode;
  readonly poolerOutput: GraphNode;
}

/** What decides the size of the largest pass. */
export type PassOptions = Pick<Required<EncoderOptions>, 'length' | 'precision' | 'device' | 'masked'> &
  Pick<EncoderOptions, 'memoryBytes'>;

/**
 * How many full-length texts the largest pass has: on a GPU as many as make its products fast, if the pass fits into a
 * share of its memory; as on a CPU if that is unknown.
 */
export function largestPass(encoder: TextEncoder, options: PassOptions): number {
  const { device, memoryBytes } = options;
  if (device === 'cpu' || memoryBytes === undefined) return LARGEST_ON_CPU;
  const most = SHARE_OF_PASS * memoryBytes;
  return LARGEST_ON_GPU.find((size) => bytesOfPass(encoder, options, size) <= most) ?? LARGEST_ON_CPU;
}

/** The memory that a pass takes besides the weights, counted over its ops. */
function bytesOfPass(encoder: TextEncoder, { length, precision, masked }: PassOptions, size: number): number {
  const graph = new Graph();
  const variables = declareModel(graph, 'encoder', encoder.shapes, precision === 'bf16' ? 'bfloat16' : 'float32');
  const shape = { fullLength: length, masked };
  const pass = record(graph, (recording) => recordForward(recording, encoder, variables, [size, length], shape));
  const nodes = precision === 'bf16' ? toBfloat16(graph.nodes) : graph.nodes;
  return FRAGMENTATION * peakBytes(nodes, pass.lastHiddenState.name);
}

/** The batch sizes recorded for texts of a length. */
export function batchSizesAt(length: number, wholeLength: number, largest: number): readonly number[] {
  if (length === wholeLength) return FULL_LENGTH_BATCH_SIZES.filter((size) => size <= largest);
  const most = Math.floor((largest * wholeLength) / length);
  const sizes = [SHORT_TEXT_BATCH_SIZE];
  if (largest > LARGEST_ON_CPU)
    for (let size = SHORT_TEXT_BATCH_SIZE * SHORT_TEXT_FACTOR; size < most; size *= SHORT_TEXT_FACTOR) sizes.push(size);
  return [...sizes, most];
}

/**
 * The fixed cost of a run, in positions, as measured on a CPU. It decides only whether the last texts are padded into a
 * larger pass or computed by several smaller ones. On a GPU, where it is unknown, a run costs more positions, as those
 * are computed faster.
 */
const RUN_OVERHEAD = 300;

/** The recorded pass with the lowest cost per text, for some or all of this many texts of this length. */
export function passFor(texts: number, length: number, passes: readonly ForwardPass[]): ForwardPass {
  const costOfText = (pass: ForwardPass): number =>
    (pass.size * pass.length + RUN_OVERHEAD) / Math.min(pass.size, texts);
  return passes
    .filter((pass) => pass.length >= length)
    .reduce((least, pass) => (costOfText(pass) < costOfText(least) ? pass : least));
}

/** Records the forward pass of `size` texts cut to `length` tokens. */
export function recordForward(
  recording: Recording,
  encoder: TextEncoder,
  variables: ModelVariables,
  [size, length]: readonly [number, number],
  { fullLength, masked }: { readonly fullLength: number; readonly masked: boolean },
): ForwardPass {
  const { graph, tensor, value } = recording;
  const name = `encode/${size}/${length}`;
  const ids = placeholder(graph, `${name}/ids`, [size, length], 'int32');
  const mask = masked ? placeholder(graph, `${name}/mask`, [size, length], 'float32') : undefined;
  const output = encoder.forward(recordedParams(recording, variables), tensor(ids), {
    attentionMask: mask && tensor(mask),
    fullLength,
  });
  const fetched = (part: tf.Tensor, of: string): GraphNode => after(graph, value(part), [], `${name}/${of}`);
  return {
    size,
    length,
    ids,
    mask,
    lastHiddenState: fetched(output.lastHiddenState, 'last_hidden_state'),
    poolerOutput: fetched(output.poolerOutput, 'pooler_output'),
  };
}
