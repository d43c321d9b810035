/**
 * @file Encoding with a recorded graph: the forward pass at a few batch sizes and lengths over one set of variables,
 * either all with an attention mask or all without.
 */
import type * as tf from '@tensorflow/tfjs-core';
import type { ParameterValues } from '../distill/engine.js';
import type { TextEncoder } from '../models/text-encoder.js';
import type { Encoded, EncoderEngine, EncoderOptions } from './encoder-engine.js';
import { joinBiases } from './graph/biases.js';
import { Graph, type GraphNode } from './graph/graph.js';
import { declareModel, recordedParams, setVariables } from './graph/model-variables.js';
import { toBfloat16 } from './graph/precision.js';
import { record, type Recording } from './graph/recorder.js';
import { openSession, type Feed, type FetchedTensor } from './graph/session.js';
import { after, placeholder } from './graph/variables.js';
import { cutTexts, lengthFor, lengthForIds, lengthsOn, textLengths } from './text-lengths.js';

/** Full-length texts in the largest pass. More rows would not make products faster, but would take more memory. */
const MAX_BATCH_SIZE = 32;
/** Batch sizes of the recorded passes for full-length texts. Other batches are split, and the last part is padded. */
const FULL_LENGTH_BATCH_SIZES = [1, 4, 16, MAX_BATCH_SIZE] as const;
/** The smaller batch size for shorter texts; the larger one has as many positions as the largest pass. */
const SHORT_TEXT_BATCH_SIZE = 32;

const NO_DROPOUT = { rate: 0 };

/** One recorded forward pass. */
interface ForwardPass {
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

/** An encoder over a recorded graph, whose session owns the parameters. */
export async function compiledEncoder(
  encoder: TextEncoder,
  values: ParameterValues,
  { length, precision, device, masked }: Required<EncoderOptions>,
): Promise<EncoderEngine> {
  const graph = new Graph();
  const lengths = textLengths(encoder, length, NO_DROPOUT, lengthsOn(device, 'encoding'));
  const isBfloat16 = precision === 'bf16';
  const variables = declareModel(graph, 'encoder', encoder.shapes, isBfloat16 ? 'bfloat16' : 'float32');
  const passes = record(graph, (recording) => {
    const shapes = lengths.lengths.flatMap((each) => batchSizesAt(each, length).map((size) => [size, each] as const));
    return shapes.map((shape) => recordForward(recording, encoder, variables, shape, { fullLength: length, masked }));
  });
  const nodes = joinBiases(isBfloat16 ? toBfloat16(graph.nodes) : graph.nodes);
  const session = openSession(nodes, [], { prunesFirst: device === 'cpu' });
  await setVariables(session, variables, values).catch((error: unknown) => {
    session.close();
    throw error;
  });
  return {
    encode,
    positionsFor: (tokens) => lengthFor(lengths, tokens),
    dispose: () => {
      session.close();
    },
  };

  async function encode(ids: Int32Array, batch: number, attentionMask?: Float32Array): Promise<Encoded> {
    if (ids.length !== batch * length) throw new Error(`${ids.length / batch} ids a text in an encoder for ${length}`);
    if (masked !== (attentionMask !== undefined))
      throw new Error(masked ? 'an encoder with masks needs one' : 'an encoder without masks was given one');
    const { width } = encoder;
    const lastHiddenState = new Float32Array(ids.length * width);
    const poolerOutput = new Float32Array(batch * width);
    for (let start = 0; start < batch;) {
      const rest = ids.subarray(start * length);
      const pass = passFor(batch - start, lengthForIds(lengths, rest), passes);
      const end = Math.min(start + pass.size, batch);
      const part = <T extends Int32Array | Float32Array>(all: T): T => all.subarray(start * length, end * length) as T;
      const [hidden, pooled] = await run(pass, part(ids), attentionMask && part(attentionMask));
      lastHiddenState.set(hidden!.data.subarray(0, (end - start) * length * width), start * length * width);
      poolerOutput.set(pooled!.data.subarray(0, (end - start) * width), start * width);
      for (const tensor of [hidden, pooled]) tensor!.release();
      start = end;
    }
    return { lastHiddenState, poolerOutput };
  }

  function run(pass: ForwardPass, ids: Int32Array, mask: Float32Array | undefined): Promise<FetchedTensor[]> {
    const places = pass.size * pass.length;
    const full = <T extends Int32Array | Float32Array>(part: T, whole: T): T => {
      whole.set(cutTexts(part, length, pass.length));
      return whole;
    };
    const feeds: Feed[] = [[pass.ids, full(ids, new Int32Array(places))]];
    if (mask) feeds.push([pass.mask!, full(mask, new Float32Array(places))]);
    return session.run(feeds, [pass.lastHiddenState, pass.poolerOutput]);
  }
}

/** The batch sizes recorded for texts of a length. */
function batchSizesAt(length: number, wholeLength: number): readonly number[] {
  return length === wholeLength
    ? FULL_LENGTH_BATCH_SIZES
    : [SHORT_TEXT_BATCH_SIZE, Math.floor((MAX_BATCH_SIZE * wholeLength) / length)];
}

/** The fixed cost of a run, in positions. */
const RUN_OVERHEAD = 300;

/** The recorded pass with the lowest cost per text, for some or all of this many texts of this length. */
function passFor(texts: number, length: number, passes: readonly ForwardPass[]): ForwardPass {
  const costOfText = (pass: ForwardPass): number =>
    (pass.size * pass.length + RUN_OVERHEAD) / Math.min(pass.size, texts);
  return passes
    .filter((pass) => pass.length >= length)
    .reduce((least, pass) => (costOfText(pass) < costOfText(least) ? pass : least));
}

function recordForward(
  recording: Recording,
  encoder: TextEncoder,
  variables: ReturnType<typeof declareModel>,
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
