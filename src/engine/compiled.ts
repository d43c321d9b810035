/** @file The fast engine: the whole step recorded once as a TensorFlow graph, then run with one native call a step. */
import * as tf from '@tensorflow/tfjs-core';
import type { Batch } from '../data/batches.js';
import { adamWScalars } from '../distill/adamw.js';
import type { Engine, EngineOptions, Losses, NamedValues, StepResult } from '../distill/engine.js';
import type { Distillation } from '../distill/loss.js';
import { batchTensors } from './batch-tensors.js';
import { buildStepGraph, type GraphInputs, type StepGraph } from './graph/step-graph.js';
import { openSession, type Session } from './graph/session.js';
import type { Variable } from './graph/variables.js';
import type { ParameterValues } from './params.js';

/**
 * An engine over a recorded graph. The session owns parameters and moments; every tensor made here is gone when a call
 * returns.
 *
 * @param length tokens a sentence
 */
export async function compiledEngine(
  distillation: Distillation,
  parameters: { readonly teacher: ParameterValues; readonly student: ParameterValues },
  options: EngineOptions,
  length: number,
): Promise<Engine> {
  const graph = buildStepGraph(distillation, options, length);
  const session = openSession(graph.nodes, graph.signatures);
  fetch([], [graph.initialised]);
  await setVariables(graph, session, 'teacher', parameters.teacher);
  await setVariables(graph, session, 'student', parameters.student);
  let steps = 0;

  return { step, evaluate, studentParameters, dispose: () => { session.close(); } };

  // eslint-disable-next-line @typescript-eslint/require-await -- the session's call is synchronous, an engine's is not
  async function step(microBatches: readonly Batch[], learningRate: number): Promise<StepResult> {
    steps++;
    const pairs = microBatches.reduce((sum, batch) => sum + batch.size, 0);
    let [lossEn, lossKo] = [0, 0];
    for (const [index, batch] of microBatches.entries()) {
      const isLast = index === microBatches.length - 1;
      const position = (steps - 1) * options.accumulate + index;
      const feeds = [...batchFeeds(batch, pairs), [graph.inputs.position, tf.scalar(position, 'int32')] as const];
      if (!isLast) {
        const losses = fetch(feeds, [graph.accumulated!]);
        [lossEn, lossKo] = [lossEn + losses[0], lossKo + losses[1]];
        continue;
      }
      const [en, ko, gradNorm] = fetch([...feeds, ...scalarFeeds(learningRate)], [graph.stepped]);
      return { lossEn: lossEn + en, lossKo: lossKo + ko, gradNorm: gradNorm };
    }
    throw new Error('a step needs at least one micro-batch');
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- as above
  async function evaluate(batch: Batch): Promise<Losses> {
    const [lossEn, lossKo] = fetch(batchFeeds(batch, batch.size), [graph.evaluated]);
    return { lossEn: lossEn, lossKo: lossKo };
  }

  function batchFeeds(batch: Batch, pairs: number): Feed[] {
    const tensors = batchTensors(batch, options.batchSize, pairs);
    return (['teacherIds', 'studentIdsEn', 'studentIdsKo', 'weights'] as const).map((name) => [graph.inputs[name], tensors[name]]);
  }

  function scalarFeeds(learningRate: number): Feed[] {
    const scalars = adamWScalars(options.optimizer, learningRate, options.weightDecay, steps);
    return (['stepSize', 'correction', 'decay'] as const).map((name) => [graph.inputs[name], tf.scalar(scalars[name])]);
  }

  /** Runs the session, frees what was fed, and gives the values of one small output. */
  function fetch(feeds: readonly Feed[], outputs: Parameters<Session['run']>[1]): ArrayLike<number> & Iterable<number> {
    const fetched = session.run(feeds, outputs);
    const values = fetched[0].dataSync<'float32'>();
    tf.dispose([...feeds.map(([, tensor]) => tensor), ...fetched]);
    return values;
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- as above
  async function* studentParameters(): AsyncIterable<NamedValues> {
    for (const group of graph.student) {
      const fetched = session.run([], group.map(({ read }) => read));
      for (const [i, { variable }] of group.entries()) {
        yield { name: variable.name.slice('student/'.length), shape: variable.shape, values: fetched[i].dataSync() as Float32Array };
      }
      tf.dispose(fetched);
    }
  }
}

type Feed = readonly [GraphInputs[keyof GraphInputs], tf.Tensor];

/** Sets a model's variables, group by group, as their values come in. */
async function setVariables(graph: StepGraph, session: Session, role: 'teacher' | 'student', values: ParameterValues): Promise<void> {
  const groups = graph[role];
  const groupOf = new Map(groups.flatMap((group) => group.map((entry) => [entry.variable.name, group] as const)));
  const waiting = new Map<(typeof groups)[number], Map<Variable, tf.Tensor>>();
  for await (const [name, data] of values) {
    const group = groupOf.get(`${role}/${name}`);
    if (group === undefined) throw new Error(`${name} is not a parameter of the ${role}`);
    const { variable } = group.find((entry) => entry.variable.name === `${role}/${name}`)!;
    const ready = (waiting.get(group) ?? new Map<Variable, tf.Tensor>()).set(variable, tf.tensor(data, [...variable.shape], 'float32'));
    waiting.set(group, ready);
    if (ready.size < group.length) continue;
    const done = session.run(group.map((entry) => [entry.input, ready.get(entry.variable)!]), [group[0].groupIsSet]);
    tf.dispose([...ready.values(), ...done]);
    waiting.delete(group);
  }
  if (waiting.size > 0) throw new Error(`the ${role}'s parameters are not complete`);
}
