/** @file Takes steps with a recorded graph, on one device or on several that share a step. */
import { countPairs, type Batch } from '../data/batches.js';
import type { StepResult } from '../distill/engine.js';
import type { BatchFeeds } from './batch-feeds.js';
import type { ProcessGroup } from './engine-options.js';
import type { Value } from './graph/graph.js';
import { asOne, type Replicas } from './graph/replicas.js';
import type { Feed, Session } from './graph/session.js';
import type { StepGraph } from './graph/step-graph.js';

/** A graph in its session, with the devices that compute it. */
export interface RunningGraph {
  readonly graph: StepGraph;
  readonly feeds: BatchFeeds;
  readonly replicas: Replicas;
  /** Set if several processes share a step. */
  readonly group: ProcessGroup | undefined;
}

/** One optimiser step. */
export interface RecordedStepInput {
  readonly microBatches: readonly Batch[];
  /** The index of the first micro-batch in the run. */
  readonly position: number;
  /** The optimiser's scalars. */
  readonly scalars: readonly Feed[];
}

/** The devices of all processes, and those before this process's. */
export function devicesOf({ replicas, group }: Pick<RunningGraph, 'replicas' | 'group'>): {
  readonly count: number;
  readonly before: number;
} {
  return { count: group?.devices ?? replicas.sessions.length, before: group?.deviceOffset ?? 0 };
}

/** One device accumulates all micro-batches but the last, and takes the step with that. */
export async function stepOnOneDevice(
  { graph, feeds, replicas }: RunningGraph,
  { microBatches, position, scalars }: RecordedStepInput,
): Promise<StepResult> {
  const session = replicas.sessions[0]!;
  const pairs = countPairs(microBatches);
  const last = microBatches.length - 1;
  let [lossEn, lossKo] = [0, 0];
  for (const [place, batch] of microBatches.slice(0, last).entries()) {
    const fed = feeds.microBatch(batch, pairs, position + place);
    const [en, ko] = await fetchValues(session, fed.feeds, fed.pass.step!.accumulated!);
    [lossEn, lossKo] = [lossEn + en!, lossKo + ko!];
    if (Number.isFinite(lossEn + lossKo)) continue;
    await session.run([], [graph.cleared!]);
    return { lossEn, lossKo, gradNorm: NaN, applied: false };
  }
  const fed = feeds.microBatch(microBatches[last]!, pairs, position + last);
  const stepped = await fetchValues(session, [...fed.feeds, ...scalars], fed.pass.step!.stepped!);
  const [en, ko, gradNorm] = [stepped[0]!, stepped[1]!, stepped[2]!];
  const applied = Number.isFinite(en + ko + gradNorm); // the graph's own condition
  return { lossEn: lossEn + en, lossKo: lossKo + ko, gradNorm, applied };
}

/** Every device accumulates its micro-batches, one after the other; then all take the step. */
export async function stepOnAllDevices(
  running: RunningGraph,
  { microBatches, position, scalars }: RecordedStepInput,
): Promise<StepResult> {
  const { graph, feeds, replicas, group } = running;
  const pairs = countPairs(microBatches);
  const { count, before } = devicesOf(running);
  await Promise.all(
    replicas.sessions.map(async (replica, i) => {
      for (let place = before + i; place < microBatches.length; place += count) {
        const fed = feeds.microBatch(microBatches[place]!, pairs, position + place);
        const placed: Feed = [graph.inputs.place!, Int32Array.of(place)];
        await fetchValues(replica, [...fed.feeds, placed], fed.pass.step!.accumulated!);
      }
    }),
  );
  await group?.gather('engine', ''); // the timeout of messages counts from here
  return resultOf(await fetchValues(asOne(replicas), scalars, graph.updated!), microBatches.length);
}

/** Runs a session and returns the values of one output, which the caller owns. */
export async function fetchValues(session: Session, feeds: readonly Feed[], output: Value): Promise<Float32Array> {
  const [fetched] = await session.run(feeds, [output]);
  const values = (fetched!.data as Float32Array).slice();
  fetched!.release();
  return values;
}

/** @param values the losses of all micro-batches that a step can have, in order, then the gradient norm */
function resultOf(values: Float32Array, microBatches: number): StepResult {
  const applied = values.every(Number.isFinite); // the graph's own condition
  let [lossEn, lossKo] = [0, 0];
  for (let place = 0; place < microBatches; place++) {
    [lossEn, lossKo] = [lossEn + values[2 * place]!, lossKo + values[2 * place + 1]!];
    // as with one device, which stops at this micro-batch
    if (!Number.isFinite(lossEn + lossKo)) return { lossEn, lossKo, gradNorm: NaN, applied };
  }
  return { lossEn, lossKo, gradNorm: values.at(-1)!, applied };
}
