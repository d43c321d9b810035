/** @file The fast engine: the whole step recorded once as a TensorFlow graph, then run with one native call a step. */
import * as tf from '@tensorflow/tfjs-core';
import type { Batch } from '../data/batches.js';
import { adamWScalars } from '../distill/adamw.js';
import type { Engine, EngineOptions, EngineStart, StepResult } from '../distill/engine.js';
import { readEvaluation, type Evaluation } from '../distill/evaluation.js';
import { targetShape, type Distillation } from '../distill/loss.js';
import { batchTensors } from './batch-tensors.js';
import type { GraphNode } from './graph/graph.js';
import { readVariables, setVariables } from './graph/model-variables.js';
import { openSession, type Session } from './graph/session.js';
import { buildStepGraph } from './graph/step-graph.js';
import type { Pass } from './graph/step-recording.js';
import { lengthFor, textLengths, type TextLengths } from './text-lengths.js';

/**
 * An engine over a recorded graph. The session owns parameters and moments; every tensor made here is gone when a call
 * returns.
 *
 * @param length tokens a sentence
 */
export async function compiledEngine(
  distillation: Distillation,
  start: EngineStart,
  options: EngineOptions,
  length: number,
): Promise<Engine> {
  const graph = buildStepGraph(distillation, options, length);
  const session = openSession(graph.nodes, graph.signatures, graph.functions);
  const stepLengths = textLengths(distillation.student, length, options.dropout);
  const evaluationLengths = textLengths(distillation.student, length, 0);
  const givenShape = options.targets === 'given' ? targetShape(distillation, options.batchSize, length) : undefined;
  try {
    fetch([], [graph.initialised]);
    if (givenShape === undefined) await setVariables(session, graph.teacher, start.teacher!);
    await setVariables(session, graph.student, start.student);
    if (start.optimizer !== undefined) await setVariables(session, graph.moments, start.optimizer.moments);
  } catch (error) {
    session.close();
    throw error;
  }
  let { steps, updates } = start.optimizer ?? { steps: 0, updates: 0 };

  return {
    step,
    evaluate,
    teach,
    studentParameters: () => readVariables(session, graph.student),
    moments: () => readVariables(session, graph.moments),
    counters: () => ({ steps, updates }),
    dispose: () => {
      session.close();
    },
  };

  // eslint-disable-next-line @typescript-eslint/require-await -- the session's call is synchronous, an engine's is not
  async function step(microBatches: readonly Batch[], learningRate: number): Promise<StepResult> {
    steps++;
    const pairs = microBatches.reduce((sum, batch) => sum + batch.size, 0);
    let [lossEn, lossKo] = [0, 0];
    for (const [index, batch] of microBatches.entries()) {
      const isLast = index === microBatches.length - 1;
      const position = (steps - 1) * options.accumulate + index;
      const pass = passFor(batch, stepLengths);
      const feeds = [...batchFeeds(batch, pairs, pass), [graph.inputs.position, tf.scalar(position, 'int32')] as const];
      if (!isLast) {
        const losses = fetch(feeds, [pass.step!.accumulated!]);
        [lossEn, lossKo] = [lossEn + losses[0], lossKo + losses[1]];
        if (Number.isFinite(lossEn + lossKo)) continue;
        fetch([], [graph.cleared!]);
        return { lossEn, lossKo, gradNorm: NaN, applied: false };
      }
      const [en, ko, gradNorm] = fetch([...feeds, ...scalarFeeds(learningRate)], [pass.step!.stepped]);
      const applied = Number.isFinite(en + ko + gradNorm); // as the graph decides it
      if (applied) updates++;
      return { lossEn: lossEn + en, lossKo: lossKo + ko, gradNorm, applied };
    }
    throw new Error('a step needs at least one micro-batch');
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- as above
  async function evaluate(batch: Batch): Promise<Evaluation> {
    const pass = passFor(batch, evaluationLengths);
    return readEvaluation(fetch(batchFeeds(batch, batch.size, pass), [pass.evaluated]), batch.size);
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- as above
  async function teach(batch: Batch): Promise<Float32Array> {
    if (graph.taught === undefined) throw new Error("an engine that is given the teacher's outputs has no teacher");
    const { teacherIds, ...others } = batchTensors(batch, options.batchSize, batch.size, length);
    tf.dispose(Object.values(others));
    const values = fetch([[graph.inputs.teacherIds, teacherIds]], [graph.taught]);
    return values.subarray(0, (values.length / options.batchSize) * batch.size);
  }

  function passFor({ studentIdsEn, studentIdsKo }: Batch, lengths: TextLengths): Pass {
    return graph.passes.get(lengthFor(lengths, [studentIdsEn, studentIdsKo]))!;
  }

  function batchFeeds(batch: Batch, pairs: number, { studentIdsEn, studentIdsKo }: Pass): Feed[] {
    const { teacherIds, weights, target, ...student } = batchTensors(
      batch,
      options.batchSize,
      pairs,
      studentIdsEn.shape[1],
      givenShape,
    );
    const feeds: Feed[] = [
      [studentIdsEn, student.studentIdsEn],
      [studentIdsKo, student.studentIdsKo],
      [graph.inputs.weights, weights],
    ];
    if (target === undefined) return [...feeds, [graph.inputs.teacherIds, teacherIds]];
    teacherIds.dispose(); // nobody reads them
    return [...feeds, [graph.inputs.target!, target]];
  }

  function scalarFeeds(learningRate: number): Feed[] {
    const scalars = adamWScalars(options.optimizer, learningRate, options.weightDecay, updates + 1);
    return (['stepSize', 'correction', 'decay'] as const).map((name) => [graph.inputs[name], tf.scalar(scalars[name])]);
  }

  /** Runs the session, frees what was fed, and gives the values of one small output. */
  function fetch(feeds: readonly Feed[], outputs: Parameters<Session['run']>[1]): Float32Array {
    const fetched = session.run(feeds, outputs);
    const values = fetched[0].dataSync() as Float32Array;
    tf.dispose([...feeds.map(([, tensor]) => tensor), ...fetched]);
    return values;
  }
}

type Feed = readonly [GraphNode, tf.Tensor];
