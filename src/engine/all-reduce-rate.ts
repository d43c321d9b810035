/** @file Measures how fast devices sum values, with the messages of a training step but without the step. */
import { median } from '../base/median.js';
import type { DeviceOptions, ProcessGroup } from './engine-options.js';
import type { AllReduceSize } from './all-reduce-time.js';
import { FLOAT_BYTES } from '../models/text-encoder.js';
import { AllReduce, type CollectiveGroup } from './graph/all-reduce.js';
import { messagesFor } from './graph/buckets.js';
import { Graph, type GraphNode, type Value } from './graph/graph.js';
import { slice } from './graph/moves.js';
import { openReplicas, type Replicas } from './graph/replicas.js';
import { collectiveGroupOf } from './graph/step-graph.js';
import { after, assignVariable, declareVariable, readVariable } from './graph/variables.js';

/** Values per device in the nearly empty messages that measure the latency. */
const FEW = 2;

/** The time budget of the measured rounds, of which at least one runs, and the most rounds. */
const MEASURED_SECONDS = 3;
const MAX_ROUNDS = 10;

/** A measured sum over devices. */
export interface AllReduceRate extends AllReduceSize {
  /** Seconds until the last device has the sums: the median over the rounds. */
  readonly seconds: number;
  /** Seconds for the same number of nearly empty messages. */
  readonly latency: number;
}

/** What to measure, and on which devices. */
export interface AllReduceTrial extends DeviceOptions {
  /** Float32 values that each device has. */
  readonly values: number;
  /** Called after each round. */
  readonly onRound?: (done: number, rounds: number) => void;
}

/**
 * Measures a sum over the devices of this process, or over those of all processes of its group, which must all call
 * this.
 *
 * @throws Error with TensorFlow's message, or if a sum is wrong
 */
export async function measureAllReduce({ values, devices, group, onRound }: AllReduceTrial): Promise<AllReduceRate> {
  const collective = collectiveGroupOf({ devices, group });
  if (collective === undefined) throw new Error('a sum needs at least two devices');
  const { nodes, ready, summed, few, messages } = sumGraph(values, collective);
  const replicas = openReplicas({ nodes, functions: [] }, devices, group);
  try {
    await fetchOnAll(replicas, ready);
    for (const node of [summed, few]) checkSum(await fetchOnAll(replicas, node), collective.count); // and warms up
    const round = (node: Value): Promise<number> => slowest(group, () => fetchOnAll(replicas, node));
    const rounds = Math.max(1, Math.min(MAX_ROUNDS, Math.floor(MEASURED_SECONDS / (await round(summed)))));
    const took = { summed: [] as number[], few: [] as number[] };
    for (let done = 1; done <= rounds; done++) {
      took.summed.push(await round(summed));
      took.few.push(await round(few));
      onRound?.(done, rounds);
    }
    const [seconds, latency] = [median(took.summed), median(took.few)];
    return { devices: collective.count, bytes: FLOAT_BYTES * values, messages, seconds, latency };
  } finally {
    replicas.close();
  }
}

/** A graph with two sums: of a variable full of ones, and of a small one in the same number of messages. */
function sumGraph(values: number, collective: CollectiveGroup) {
  const graph = new Graph();
  const messages = messagesFor(values, collective.count);
  const bucketOfFew = FEW * collective.count;
  const large = declareVariable(graph, 'values', [values]);
  const small = declareVariable(graph, 'few', [messages * bucketOfFew]);
  const ones = [large, small].map((variable) =>
    assignVariable(graph, variable, graph.fill(1, variable.shape, 'float32')),
  );
  const ready = after(graph, graph.scalar(1, 'float32'), ones, 'ready');
  const allReduce = new AllReduce(graph, collective);
  const summed = lastOf(graph, allReduce.sum({ large: readVariable(graph, large) }).large!, 'summed');
  const ofFew = new AllReduce(graph, collective, allReduce.usedInstanceKeys);
  const few = lastOf(graph, ofFew.sum({ small: readVariable(graph, small) }, bucketOfFew).small!, 'fewSummed');
  return { nodes: graph.nodes, ready, summed, few, messages };
}

/** The last value, `[1]`, which is available only when all are. */
function lastOf(graph: Graph, value: Value, name: string): GraphNode {
  return after(graph, slice(graph, { x: value }, { begin: [value.shape[0]! - 1], size: [1] }), [], name);
}

async function fetchOnAll({ sessions, runAll }: Replicas, node: Value): Promise<number[]> {
  const fetched = await runAll(
    sessions.map(() => []),
    [node],
  );
  return fetched.flat().map((tensor) => {
    const [first] = tensor.data;
    tensor.release();
    return first!;
  });
}

function checkSum(sums: readonly number[], count: number): void {
  const wrong = sums.find((sum) => sum !== count);
  if (wrong !== undefined) throw new Error(`the sum of ${count} ones was ${wrong}; please report this as a bug`);
}

/** Runs work on all processes together. Returns the seconds that the slowest took. */
async function slowest(group: ProcessGroup | undefined, work: () => Promise<unknown>): Promise<number> {
  await group?.gather('round', '');
  const started = performance.now();
  await work();
  const own = (performance.now() - started) / 1000;
  return group === undefined ? own : Math.max(...(await group.gather('seconds', String(own))).map(Number));
}
