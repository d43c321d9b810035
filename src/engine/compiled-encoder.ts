/**
 * @file Encoding with a recorded graph: the forward pass at a few batch sizes and lengths over one set of variables,
 * either all with an attention mask or all without.
 */
import { InputError } from '../base/errors.js';
import { formatCounted } from '../base/format.js';
import type { ParameterValues } from '../distill/engine.js';
import { recordCompiledKernels } from '../tensorflow/kernel-cache.js';
import type { TextEncoder } from '../models/text-encoder.js';
import type { Encoded, EncoderEngine } from './encoder-engine.js';
import {
  batchSizesAt,
  largestPass,
  passFor,
  recordForward,
  type ForwardPass,
  type PassOptions,
} from './encoder-passes.js';
import { failedAllocation } from './failed-allocation.js';
import { asDeviceFailure } from './failed-device.js';
import { fuse } from './graph/fusion.js';
import { joinBiases } from './graph/biases.js';
import { Graph, type GraphNode } from './graph/graph.js';
import { declareModel, setVariables } from './graph/model-variables.js';
import { spellOutSoftmax } from './graph/row-reductions.js';
import { toBfloat16 } from './graph/precision.js';
import { record } from './graph/recorder.js';
import { hasLargeModel } from './step-layout.js';
import { openSession, type Feed, type FetchedTensor } from './graph/session.js';
import { cutTexts, lengthFor, lengthForIds, lengthsOn, textLengths } from './text-lengths.js';

const NO_DROPOUT = { rate: 0 };

/**
 * An encoder over a recorded graph, whose session owns the parameters. When memory runs out, it goes on with smaller
 * passes.
 *
 * @param fused whether row loops compute what is between products; to prepare them takes longer than a small model
 */
export async function compiledEncoder(
  encoder: TextEncoder,
  values: ParameterValues,
  options: PassOptions,
  fused = options.device === 'cpu' && hasLargeModel([encoder]),
): Promise<EncoderEngine> {
  const { length, precision, device, masked } = options;
  const graph = new Graph();
  const lengths = textLengths(encoder, length, NO_DROPOUT, lengthsOn(device, 'encoding'));
  const isBfloat16 = precision === 'bf16';
  const variables = declareModel(graph, 'encoder', encoder.shapes, isBfloat16 ? 'bfloat16' : 'float32');
  const batchSize = largestPass(encoder, options);
  let passes = record(graph, (recording) => {
    const shapes = lengths.lengths.flatMap((each) =>
      batchSizesAt(each, length, batchSize).map((size) => [size, each] as const),
    );
    return shapes.map((shape) => recordForward(recording, encoder, variables, shape, { fullLength: length, masked }));
  });
  const session = openSession(lowered(graph.nodes, passes, precision, fused), [], { prunesFirst: device === 'cpu' });
  await setVariables(session, variables, values).catch((error: unknown) => {
    session.close();
    throw error;
  });
  return {
    batchSize,
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
      const outputs = await run(pass, part(ids), attentionMask && part(attentionMask)).catch((error: unknown) => {
        passes = smallerPasses(passes, pass, error);
      });
      if (outputs === undefined) continue; // with smaller passes
      const [hidden, pooled] = outputs;
      lastHiddenState.set(hidden!.data.subarray(0, (end - start) * length * width), start * length * width);
      poolerOutput.set(pooled!.data.subarray(0, (end - start) * width), start * width);
      for (const tensor of [hidden, pooled]) tensor!.release();
      start = end;
    }
    await recordCompiledKernels();
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

/** The recorded ops as they run. */
function lowered(
  recorded: readonly GraphNode[],
  passes: readonly ForwardPass[],
  precision: PassOptions['precision'],
  fused: boolean,
): readonly GraphNode[] {
  const nodes = joinBiases(precision === 'bf16' ? toBfloat16(recorded) : recorded);
  if (!fused) return nodes;
  const fetched = passes.flatMap(({ lastHiddenState, poolerOutput }) => [lastHiddenState.name, poolerOutput.name]);
  return fuse(spellOutSoftmax(nodes), fetched).nodes;
}

/**
 * The passes that are left when one has run out of memory.
 *
 * @throws InputError if none is smaller; DeviceFailedError if a GPU has failed; the error, if it is another
 */
function smallerPasses(passes: readonly ForwardPass[], failed: ForwardPass, error: unknown): ForwardPass[] {
  const allocation = failedAllocation(error);
  if (allocation === undefined) throw asDeviceFailure(error);
  const places = failed.size * failed.length;
  const smaller = passes.filter(({ size, length }) => size * length < places);
  if (smaller.some(({ length }) => length >= failed.length)) return smaller;
  throw new InputError(
    `out of memory: expected room to encode ${formatCounted(failed.size, 'text')} at once, but TensorFlow asked for ` +
      `${allocation}; end what else uses the device's memory, or use --device cpu or --precision bf16`,
  );
}
