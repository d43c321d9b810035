/** @file The fast engine: the whole step recorded once as a TensorFlow graph, then run with one native call a step. */
import * as tf from '@tensorflow/tfjs-core';
import type { Batch } from '../data/batches.js';
import { adamWScalars } from '../distill/adamw.js';
import type { Engine, EngineOptions, Losses, NamedValues, StepResult } from '../distill/engine.js';
import type { Distillation } from '../distill/loss.js';
import { batchTensors } from './batch-tensors.js';
import { setVariables } from './graph/model-variables.js';
import { openSession, type Session } from './graph/session.js';
import { buildStepGraph, type GraphInputs } from './graph/step-graph.js';
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
  try {
    fetch([], [graph.initialised]);
    await setVariables(session, graph.teacher, parameters.teacher);
    await setVariables(session, graph.student, parameters.student);
  } catch (error) {
    session.close();
    throw error;
  }
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
      for (const [i, { name, variable }] of group.entries()) {
        yield { name, shape: variable.shape, values: fetched[i].dataSync() as Float32Array };
      }
      tf.dispose(fetched);
    }
  }
}

type Feed = readonly [GraphInputs[keyof GraphInputs], tf.Tensor];
