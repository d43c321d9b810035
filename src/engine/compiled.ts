/**
 * @file The fast engine: the whole step recorded once as a TensorFlow graph, then run with one native call per step.
 */
import type { Batch } from '../data/batches.js';
import type { Engine, InitialEngineState } from '../distill/engine.js';
import { readEvaluation, type Evaluation } from '../distill/evaluation.js';
import type { Distillation } from '../distill/loss.js';
import { recordCompiledKernels } from '../tensorflow/kernel-cache.js';
import { BatchFeeds } from './batch-feeds.js';
import type { EngineOptions, ProcessGroup } from './engine-options.js';
import { readVariables, setVariables } from './graph/model-variables.js';
import { asOne, openReplicas } from './graph/replicas.js';
import type { Session } from './graph/session.js';
import { buildStepGraph, type StepGraph } from './graph/step-graph.js';
import { devicesOf, fetchValues, stepOnAllDevices, stepOnOneDevice, type RunningGraph } from './recorded-steps.js';

/**
 * An engine over a recorded graph, whose session owns parameters and moments. It computes without blocking the event
 * loop.
 *
 * @param length tokens per sentence
 */
export async function compiledEngine(
  distillation: Distillation,
  initial: InitialEngineState,
  options: EngineOptions,
  length: number,
): Promise<Engine> {
  const graph = buildStepGraph(distillation, options, length);
  const replicas = openReplicas(graph, options.devices, options.group);
  try {
    await setInitialState(graph, asOne(replicas), initial, options);
  } catch (error) {
    replicas.close();
    throw error;
  }
  const feeds = new BatchFeeds(graph, distillation.student, options, length);
  const running: RunningGraph = { graph, feeds, replicas, group: options.group };
  const takeStep = graph.updated === undefined ? stepOnOneDevice : stepOnAllDevices;
  const first = replicas.sessions[0]!;
  let { steps, updates } = initial.optimizer ?? { steps: 0, updates: 0 };

  return {
    batchesAtOnce: devicesOf(running).count,
    async step(microBatches, learningRate) {
      if (microBatches.length === 0) throw new Error('a step needs at least one micro-batch');
      const position = steps++ * options.accumulate;
      const scalars = feeds.scalars(learningRate, updates + 1);
      const result = await takeStep(running, { microBatches, position, scalars });
      if (result.applied) updates++;
      await recordCompiledKernels();
      return result;
    },
    evaluate: (batches) => evaluate(running, batches),
    teacherOutputs: (batch) => teacherOutputs(running, batch, options.batchSize),
    studentParameters: () => readVariables(first, graph.student),
    moments: () => readVariables(first, graph.moments),
    counters: () => ({ steps, updates }),
    dispose: () => {
      replicas.close();
    },
  };
}

/** Sets all variables; without an optimiser's state, the moments are zero. */
async function setInitialState(
  graph: StepGraph,
  session: Session,
  { teacher, student, optimizer }: InitialEngineState,
  { targets, group }: EngineOptions,
): Promise<void> {
  await session.run([], [graph.initialised]);
  if (targets !== 'given') await setVariables(session, graph.teacher, teacher!);
  await setVariables(session, graph.student, student);
  if (optimizer === undefined) return;
  if (optimizer.moments !== undefined) await setVariables(session, graph.moments, optimizer.moments);
  if (group !== undefined) await session.run([], [graph.broadcast!]);
}

/** Every device evaluates a batch; the processes exchange their results. */
async function evaluate(running: RunningGraph, batches: readonly Batch[]): Promise<Evaluation[]> {
  const { feeds, replicas, group } = running;
  const { before } = devicesOf(running);
  const own = await Promise.all(
    batches.slice(before, before + replicas.sessions.length).map((batch, i) => {
      const fed = feeds.evaluation(batch);
      return fetchValues(replicas.sessions[i]!, fed.feeds, fed.pass.evaluated);
    }),
  );
  const values = group === undefined ? own : await gatherValues(group, own);
  return batches.map((batch, i) => readEvaluation(values[i]!, batch.size));
}

async function teacherOutputs(
  { graph, feeds, replicas }: RunningGraph,
  batch: Batch,
  batchSize: number,
): Promise<Float32Array> {
  if (graph.teacherOutputs === undefined)
    throw new Error("an engine that is given the teacher's outputs has no teacher");
  const values = await fetchValues(replicas.sessions[0]!, feeds.teacher(batch), graph.teacherOutputs);
  return values.subarray(0, (values.length / batchSize) * batch.size);
}

/** Gathers the values of all processes, in the order of their devices. */
async function gatherValues({ gather }: ProcessGroup, own: readonly Float32Array[]): Promise<Float32Array[]> {
  const texts = own.map(({ buffer, byteOffset, byteLength }) =>
    Buffer.from(buffer, byteOffset, byteLength).toString('base64'),
  );
  const all = (await gather('losses of validation', texts.join())).flatMap((text) =>
    text === '' ? [] : text.split(','),
  );
  return all.map((text) => new Float32Array(Uint8Array.from(Buffer.from(text, 'base64')).buffer));
}
