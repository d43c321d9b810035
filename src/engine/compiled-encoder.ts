/** @file Encoding as a recorded graph: the forward pass at a few batch sizes, with and without a mask, over one set of variables. */
import * as tf from '@tensorflow/tfjs-core';
import type { ParameterValues } from '../distill/engine.js';
import type { TextEncoder } from '../models/text-encoder.js';
import type { Encoded, EncoderEngine } from './encoder.js';
import { Graph, type GraphNode } from './graph/graph.js';
import { declareModel, recordedParams, setVariables } from './graph/model-variables.js';
import { record, type Recording } from './graph/recorder.js';
import { openSession } from './graph/session.js';
import { after, placeholder } from './graph/variables.js';

/** Texts that one run of the graph takes: other numbers are split, and the rest is filled up. */
const SIZES = [1, 4, 16, 32] as const;

/** One recorded forward pass. */
interface ForwardPass {
  readonly size: number;
  /** `[size, L]` int32 */
  readonly ids: GraphNode;
  /** `[size, L]` float32 */
  readonly mask: GraphNode | undefined;
  readonly lastHiddenState: GraphNode;
  readonly poolerOutput: GraphNode;
}

/** An encoder over a recorded graph; its session owns the parameters. */
export async function compiledEncoder(encoder: TextEncoder, values: ParameterValues, length: number): Promise<EncoderEngine> {
  const graph = new Graph();
  const variables = declareModel(graph, 'encoder', encoder.shapes, 'float32');
  const passes = record(graph, (recording) => {
    const passes = (isMasked: boolean): ForwardPass[] => SIZES.map((size) => recordForward(recording, encoder, variables, [size, length], isMasked));
    return { plain: passes(false), masked: passes(true) };
  });
  const session = openSession(graph.nodes, {});
  await setVariables(session, variables, values).catch((error: unknown) => {
    session.close();
    throw error;
  });
  return { encode, dispose: () => { session.close(); } };

  // eslint-disable-next-line @typescript-eslint/require-await -- the session's call is synchronous, an encoder's is not
  async function encode(ids: Int32Array, batch: number, attentionMask?: Float32Array): Promise<Encoded> {
    if (ids.length !== batch * length) throw new Error(`${ids.length / batch} ids a text in an encoder for ${length}`);
    const { width } = encoder;
    const lastHiddenState = new Float32Array(ids.length * width);
    const poolerOutput = new Float32Array(batch * width);
    for (let start = 0; start < batch;) {
      const pass = passFor(batch - start, attentionMask === undefined ? passes.plain : passes.masked);
      const end = Math.min(start + pass.size, batch);
      const part = <T extends Int32Array | Float32Array>(all: T): T => all.subarray(start * length, end * length) as T;
      const [hidden, pooled] = run(pass, part(ids), attentionMask && part(attentionMask));
      lastHiddenState.set(hidden.subarray(0, (end - start) * length * width), start * length * width);
      poolerOutput.set(pooled.subarray(0, (end - start) * width), start * width);
      start = end;
    }
    return { lastHiddenState, poolerOutput };
  }

  function run({ size, ...nodes }: ForwardPass, ids: Int32Array, mask: Float32Array | undefined): [Float32Array, Float32Array] {
    const full = <T extends Int32Array | Float32Array>(part: T, whole: T): T => { whole.set(part); return whole; };
    const feeds: [GraphNode, tf.Tensor][] = [[nodes.ids, tf.tensor2d(full(ids, new Int32Array(size * length)), [size, length], 'int32')]];
    if (mask) feeds.push([nodes.mask!, tf.tensor2d(full(mask, new Float32Array(size * length)), [size, length], 'float32')]);
    const fetched = session.run(feeds, [nodes.lastHiddenState, nodes.poolerOutput]);
    const outputs = fetched.map((tensor) => tensor.dataSync<'float32'>());
    tf.dispose([...feeds.map(([, tensor]) => tensor), ...fetched]);
    return [outputs[0], outputs[1]];
  }
}

/** The smallest pass that takes all texts, or the largest that they fill. */
function passFor(texts: number, passes: readonly ForwardPass[]): ForwardPass {
  return passes.find(({ size }) => size >= texts) ?? passes.at(-1)!;
}

function recordForward(
  recording: Recording,
  encoder: TextEncoder,
  variables: ReturnType<typeof declareModel>,
  [size, length]: readonly [number, number],
  isMasked: boolean,
): ForwardPass {
  const { graph, tensor, value } = recording;
  const name = `encode/${size}${isMasked ? '/masked' : ''}`;
  const ids = placeholder(graph, `${name}/ids`, [size, length], 'int32');
  const mask = isMasked ? placeholder(graph, `${name}/mask`, [size, length], 'float32') : undefined;
  const output = encoder.forward(recordedParams(recording, variables), tensor(ids), { attentionMask: mask && tensor(mask) });
  const fetched = (part: tf.Tensor, of: string): GraphNode => after(graph, value(part), [], `${name}/${of}`);
  return { size, ids, mask, lastHiddenState: fetched(output.lastHiddenState, 'last_hidden_state'), poolerOutput: fetched(output.poolerOutput, 'pooler_output') };
}
