/** @file The fast engine: the whole step recorded once as a TensorFlow graph, then run with one native call a step. */
import type { Batch } from '../data/batches.js';
import { adamWScalars } from '../distill/adamw.js';
import type { Engine, EngineOptions, EngineStart, StepResult } from '../distill/engine.js';
import { readEvaluation, type Evaluation } from '../distill/evaluation.js';
import type { Distillation } from '../distill/loss.js';
import { padBatch } from './batch-tensors.js';
import type { Value } from './graph/graph.js';
import { readVariables, setVariables } from './graph/model-variables.js';
import { openSession, type Feed } from './graph/session.js';
import { buildStepGraph } from './graph/step-graph.js';
import type { Pass } from './graph/step-recording.js';
import { lengthFor, textLengths, type TextLengths } from './text-lengths.js';

/**
 * An engine over a recorded graph, whose session owns parameters and moments. Calls return while it computes.
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
  const session = openSession(graph.nodes, graph.functions);
  const stepLengths = textLengths(distillation.student, length, { rate: options.dropout, padding: options.padding });
  const evaluationLengths = textLengths(distillation.student, length);
  const isGiven = options.targets === 'given';
  try {
    await session.run([], [graph.initialised]);
    if (!isGiven) await setVariables(session, graph.teacher, start.teacher!);
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

  async function step(microBatches: readonly Batch[], learningRate: number): Promise<StepResult> {
    steps++;
    const pairs = microBatches.reduce((sum, batch) => sum + batch.size, 0);
    let [lossEn, lossKo] = [0, 0];
    for (const [index, batch] of microBatches.entries()) {
      const isLast = index === microBatches.length - 1;
      const position = (steps - 1) * options.accumulate + index;
      const pass = passFor(batch, stepLengths);
      const feeds: Feed[] = [...batchFeeds(batch, pairs, pass), [graph.inputs.position, Int32Array.of(position)]];
      if (!isLast) {
        const losses = await fetch(feeds, pass.step!.accumulated!);
        [lossEn, lossKo] = [lossEn + losses[0]!, lossKo + losses[1]!];
        if (Number.isFinite(lossEn + lossKo)) continue;
        await session.run([], [graph.cleared!]);
        return { lossEn, lossKo, gradNorm: NaN, applied: false };
      }
      const stepped = await fetch([...feeds, ...scalarFeeds(learningRate)], pass.step!.stepped);
      const [en, ko, gradNorm] = [stepped[0]!, stepped[1]!, stepped[2]!];
      const applied = Number.isFinite(en + ko + gradNorm); // as the graph decides it
      if (applied) updates++;
      return { lossEn: lossEn + en, lossKo: lossKo + ko, gradNorm, applied };
    }
    throw new Error('a step needs at least one micro-batch');
  }

  async function evaluate(batch: Batch): Promise<Evaluation> {
    const pass = passFor(batch, evaluationLengths);
    return readEvaluation(await fetch(batchFeeds(batch, batch.size, pass), pass.evaluated), batch.size);
  }

  async function teach(batch: Batch): Promise<Float32Array> {
    if (graph.taught === undefined) throw new Error("an engine that is given the teacher's outputs has no teacher");
    const { teacherIds } = padBatch(batch, options.batchSize, batch.size, length, false);
    const values = await fetch([[graph.inputs.teacherIds, teacherIds]], graph.taught);
    return values.subarray(0, (values.length / options.batchSize) * batch.size);
  }

  function passFor({ studentIdsEn, studentIdsKo }: Batch, lengths: TextLengths): Pass {
    return graph.passes.get(lengthFor(lengths, [studentIdsEn, studentIdsKo]))!;
  }

  function batchFeeds(batch: Batch, pairs: number, { studentIdsEn, studentIdsKo }: Pass): Feed[] {
    const padded = padBatch(batch, options.batchSize, pairs, studentIdsEn.shape[1]!, isGiven);
    return [
      [studentIdsEn, padded.studentIdsEn],
      [studentIdsKo, padded.studentIdsKo],
      [graph.inputs.weights, padded.weights],
      isGiven ? [graph.inputs.target!, padded.target!] : [graph.inputs.teacherIds, padded.teacherIds],
    ];
  }

  function scalarFeeds(learningRate: number): Feed[] {
    const scalars = adamWScalars(options.optimizer, learningRate, options.weightDecay, updates + 1);
    return (['stepSize', 'correction', 'decay'] as const).map((name) => [
      graph.inputs[name],
      Float32Array.of(scalars[name]),
    ]);
  }

  /** Runs the session and returns the values of one output, which the caller owns. */
  async function fetch(feeds: readonly Feed[], output: Value): Promise<Float32Array> {
    const [fetched] = await session.run(feeds, [output]);
    const values = (fetched!.data as Float32Array).slice();
    fetched!.release();
    return values;
  }
}
