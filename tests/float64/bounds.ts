/**
 * @file What a step's ops give in float64, to hold float32 results against.
 *
 * tfjs has no float64. But an op that is recorded as a graph is a list of nodes with shapes, and those are computed
 * here, plainly, in JavaScript's own numbers. Bounds of float32 results can then be taken from errors instead of from
 * what one CPU happened to give.
 */
import tf from '../../src/base/tfjs.cjs';
import { Graph, type Value } from '../../src/engine/graph/graph.js';
import { record } from '../../src/engine/graph/recorder.js';
import { placeholder } from '../../src/engine/graph/variables.js';
import type { ParameterValues } from '../../src/distill/engine.js';
import type { TextEncoder } from '../../src/models/text-encoder.js';
import { randomUniform } from '../../src/base/philox.js';
import { largestDifference } from '../fixtures/index.js';
import { compute, drawn, exactly, type Draw, type Float64Tensor, type Round } from './ops.js';

/** float32's unit roundoff (IEEE 754): the largest relative error of one correctly rounded operation. */
export const UNIT_ROUNDOFF = 2 ** -24;

/**
 * How far a float32 sum may be off, as a share of the sum of its terms' magnitudes, in whatever order they are added. A
 * larger error has a probability below 1e-7 (Higham and Mary, A New Approach to Probabilistic Rounding Error Analysis,
 * 2019, with λ = 6).
 */
export const sumError = (terms: number): number => 6 * Math.sqrt(terms) * UNIT_ROUNDOFF;

/**
 * Rounds as float32 might, but at random: by up to a whole unit in the last place either way, as functions do that are
 * not correctly rounded. Results of several such runs scatter as those of CPUs do that add in different orders
 * (Monte Carlo arithmetic: Parker, 1997). What float32 can hold is exact, such as positions that are counted in it.
 */
function atRandom(seed: number): Round {
  const draws = randomUniform(1 << 16, [seed, 64]);
  let at = 0;
  return (value) =>
    Math.fround(value) === value ? value : value * (1 + 2 * UNIT_ROUNDOFF * (2 * draws[at++ & 0xffff] - 1));
}

/** A function of tensors to compute in float64, as often as wanted. */
export type Float64Function = (inputs: readonly Float64Array[], round?: Round, draw?: Draw) => Float64Array[];

/**
 * A function of tensors, in float64.
 *
 * @param f written in tfjs ops; it may take gradients, and may not read values
 * @param like inputs with the shapes and dtypes of those to come
 * @returns a function that throws an Error for an op that has no float64 form here
 */
export function float64Function(
  f: (...inputs: tf.Tensor[]) => tf.Tensor[],
  like: readonly tf.Tensor[],
): Float64Function {
  const graph = new Graph();
  const places = like.map(({ shape, dtype }, i) => placeholder(graph, `input_${i}`, shape, dtype as 'float32'));
  const outputs = record(graph, ({ tensor, value }) => f(...places.map((place) => tensor(place))).map(value));
  return (inputs, round = exactly, draw = drawn) => {
    const computed = new Map<string, Float64Tensor>();
    for (const [i, { name, shape }] of places.entries()) computed.set(name, { shape, values: inputs[i] });
    for (const node of graph.nodes)
      if (!computed.has(node.name)) computed.set(node.name, compute(node, computed, round, draw));
    return outputs.map(({ name }: Value) => computed.get(name)!.values);
  };
}

/** A function's exact results, and how far from them float32 may be. */
export interface Float32Bounds {
  readonly exact: readonly Float64Array[];
  /** For each result the largest error that float32 explains, over all of its values. */
  readonly errors: readonly number[];
}

/** Runs with rounding at random that a bound is taken from. */
const SAMPLES = 8;

/**
 * How far from exact the results of a function may be on any CPU that computes in float32: twice the largest
 * error of several runs whose every operation is rounded at random.
 */
export async function float32Bounds(
  f: (...inputs: tf.Tensor[]) => tf.Tensor[],
  inputs: readonly tf.Tensor[],
): Promise<Float32Bounds> {
  const compute = float64Function(f, inputs);
  const given = await Promise.all(inputs.map(async (input) => Float64Array.from(await input.data())));
  const exact = compute(given);
  const errors = exact.map(() => 0);
  for (let sample = 0; sample < SAMPLES; sample++) {
    for (const [i, values] of compute(given, atRandom(sample)).entries())
      errors[i] = Math.max(errors[i], 2 * largestDifference(values, exact[i]));
  }
  return { exact, errors };
}

/** The most that rounding may explain, as a share of the largest value: of 24 bits, 14 are left. */
const LOOSEST_BOUND = 2 ** -14;

/**
 * How far an encoder's outputs may be from exact in float32, over some texts: of all values, the largest.
 *
 * @param ids `[B, L]`
 * @param attentionMask `[B, L]`; absent: every place counts
 * @throws Error if rounding explains so much that a bound would say nothing
 */
export async function encoderBounds(
  encoder: TextEncoder,
  values: ParameterValues,
  ids: tf.Tensor2D,
  attentionMask?: tf.Tensor2D,
): Promise<{ readonly lastHiddenState: number; readonly poolerOutput: number }> {
  const params: [string, tf.Tensor][] = [];
  for await (const [name, data] of values) params.push([name, tf.tensor(data, [...encoder.shapes[name]])]);
  const names = params.map(([name]) => name);
  const { exact, errors } = await float32Bounds(
    (texts, mask, ...parts) => {
      const { lastHiddenState, poolerOutput } = encoder.forward(
        Object.fromEntries(names.map((name, i) => [name, parts[i]])),
        texts as tf.Tensor2D,
        { attentionMask: attentionMask && (mask as tf.Tensor2D) },
      );
      return [lastHiddenState, poolerOutput];
    },
    [ids, attentionMask ?? tf.scalar(1), ...params.map(([, tensor]) => tensor)],
  );
  tf.dispose(params.map(([, tensor]) => tensor));
  for (const [i, error] of errors.entries()) {
    const largest = exact[i].reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    if (!(error < LOOSEST_BOUND * largest)) throw new Error(`rounding explains ${error} of ${largest}: no bound`);
  }
  return { lastHiddenState: errors[0], poolerOutput: errors[1] };
}
