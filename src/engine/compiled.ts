/**
 * @file The fast engine: the whole step recorded once as a TensorFlow graph, then run with one native call per step.
 */
import type { Batch } from '../data/batches.js';
import { adamWScalars } from '../distill/adamw.js';
import type { Engine, InitialEngineState, StepResult } from '../distill/engine.js';
import type { EngineOptions, ProcessGroup } from './engine-options.js';
import { readEvaluation, type Evaluation } from '../distill/evaluation.js';
import type { Distillation } from '../distill/loss.js';
import { recordCompiledKernels } from '../tensorflow/kernel-cache.js';
import { padBatch } from './batch-tensors.js';
import { readVariables, setVariables } from './graph/model-variables.js';
import type { Value } from './graph/graph.js';
import { asOne, openReplicas } from './graph/replicas.js';
import type { Feed, Session } from './graph/session.js';
import { buildStepGraph } from './graph/step-graph.js';
import type { Pass, StepPass } from './graph/recorded-step.js';
import { arrangeTexts, layoutName, layoutsOf, type TextLayouts } from './text-layouts.js';

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
  const { group } = options;
  const replicas = openReplicas(graph, options.devices, group);
  const [ranks, before] = [group?.devices ?? replicas.sessions.length, group?.deviceOffset ?? 0];
  const [first, all] = [replicas.sessions[0]!, asOne(replicas)];
  const layouts = layoutsOf(distillation.student, length, options);
  const hasGivenTargets = options.targets === 'given';
  try {
    await all.run([], [graph.initialised]);
    if (!hasGivenTargets) await setVariables(all, graph.teacher, initial.teacher!);
    await setVariables(all, graph.student, initial.student);
    if (initial.optimizer !== undefined) {
      if (initial.optimizer.moments !== undefined) await setVariables(all, graph.moments, initial.optimizer.moments);
      if (group !== undefined) await all.run([], [graph.broadcast!]);
    }
  } catch (error) {
    replicas.close();
    throw error;
  }
  let { steps, updates } = initial.optimizer ?? { steps: 0, updates: 0 };

  return {
    batchesAtOnce: ranks,
    async step(microBatches, learningRate) {
      const result = await (graph.updated === undefined ? stepAlone : stepTogether)(microBatches, learningRate);
      await recordCompiledKernels();
      return result;
    },
    evaluate,
    teacherOutputs,
    studentParameters: () => readVariables(first, graph.student),
    moments: () => readVariables(first, graph.moments),
    counters: () => ({ steps, updates }),
    dispose: () => {
      replicas.close();
    },
  };

  async function stepAlone(microBatches: readonly Batch[], learningRate: number): Promise<StepResult> {
    const pairs = beginStep(microBatches);
    let [lossEn, lossKo] = [0, 0];
    for (const [place, batch] of microBatches.slice(0, -1).entries()) {
      const { feeds, outputs } = microBatchRun(batch, place, pairs);
      const [en, ko] = await fetch(first, feeds, outputs.accumulated!);
      [lossEn, lossKo] = [lossEn + en!, lossKo + ko!];
      if (Number.isFinite(lossEn + lossKo)) continue;
      await first.run([], [graph.cleared!]);
      return { lossEn, lossKo, gradNorm: NaN, applied: false };
    }
    const { feeds, outputs } = microBatchRun(microBatches.at(-1)!, microBatches.length - 1, pairs);
    const stepped = await fetch(first, [...feeds, ...scalarFeeds(learningRate)], outputs.stepped!);
    const [en, ko, gradNorm] = [stepped[0]!, stepped[1]!, stepped[2]!];
    const applied = Number.isFinite(en + ko + gradNorm); // the graph's own condition
    if (applied) updates++;
    return { lossEn: lossEn + en, lossKo: lossKo + ko, gradNorm, applied };
  }

  /** Every device accumulates its micro-batches, one after the other; then all take the step. */
  async function stepTogether(microBatches: readonly Batch[], learningRate: number): Promise<StepResult> {
    const pairs = beginStep(microBatches);
    await Promise.all(
      replicas.sessions.map(async (replica, i) => {
        for (let place = before + i; place < microBatches.length; place += ranks) {
          const { feeds, outputs } = microBatchRun(microBatches[place]!, place, pairs);
          await fetch(replica, [...feeds, [graph.inputs.place!, Int32Array.of(place)]], outputs.accumulated!);
        }
      }),
    );
    await group?.gather('engine', ''); // the timeout of messages counts from here
    const seen = await fetch(all, scalarFeeds(learningRate), graph.updated!);
    return resultOf(seen, microBatches.length);
  }

  /** Counts a step and returns the number of its pairs. */
  function beginStep(microBatches: readonly Batch[]): number {
    if (microBatches.length === 0) throw new Error('a step needs at least one micro-batch');
    steps++;
    return microBatches.reduce((sum, batch) => sum + batch.size, 0);
  }

  /** What to feed and to fetch for a micro-batch of the current step. */
  function microBatchRun(batch: Batch, place: number, pairs: number): { feeds: Feed[]; outputs: StepPass } {
    const { pass, feeds } = passFor(batch, pairs, layouts.step);
    const position = (steps - 1) * options.accumulate + place;
    return { feeds: [...feeds, [graph.inputs.position, Int32Array.of(position)]], outputs: pass.step! };
  }

  /** @param seen the losses of all micro-batches that a step can have, in order, then the gradient norm */
  function resultOf(seen: Float32Array, microBatches: number): StepResult {
    const applied = seen.every(Number.isFinite); // the graph's own condition
    if (applied) updates++;
    let [lossEn, lossKo] = [0, 0];
    for (let place = 0; place < microBatches; place++) {
      [lossEn, lossKo] = [lossEn + seen[2 * place]!, lossKo + seen[2 * place + 1]!];
      // as with one device, which stops at this micro-batch
      if (!Number.isFinite(lossEn + lossKo)) return { lossEn, lossKo, gradNorm: NaN, applied };
    }
    return { lossEn, lossKo, gradNorm: seen.at(-1)!, applied };
  }

  async function evaluate(batches: readonly Batch[]): Promise<Evaluation[]> {
    const own = await Promise.all(
      batches.slice(before, before + replicas.sessions.length).map((batch, i) => {
        const { pass, feeds } = passFor(batch, batch.size, layouts.evaluation);
        return fetch(replicas.sessions[i]!, feeds, pass.evaluated);
      }),
    );
    const values = group === undefined ? own : await gatherValues(group, own);
    return batches.map((batch, i) => readEvaluation(values[i]!, batch.size));
  }

  async function teacherOutputs(batch: Batch): Promise<Float32Array> {
    if (graph.teacherOutputs === undefined)
      throw new Error("an engine that is given the teacher's outputs has no teacher");
    const { teacherIds } = padBatch(batch, options.batchSize, batch.size, false);
    const values = await fetch(first, [[graph.inputs.teacherIds, teacherIds]], graph.teacherOutputs);
    return values.subarray(0, (values.length / options.batchSize) * batch.size);
  }

  /** The pass for a batch's texts, and what to feed it. */
  function passFor(batch: Batch, pairs: number, among: TextLayouts): { pass: Pass; feeds: Feed[] } {
    const { teacherIds, weights, target } = padBatch(batch, options.batchSize, pairs, hasGivenTargets);
    const { layout, ids, packing } = arrangeTexts(batch, among);
    const pass = graph.passes.find((each) => layoutName(each.layout) === layoutName(layout))!;
    const { texts } = pass;
    const feeds: Feed[] = [
      [texts.ids, ids],
      [graph.inputs.weights, weights],
      hasGivenTargets ? [graph.inputs.target!, target!] : [graph.inputs.teacherIds, teacherIds],
    ];
    if (packing !== undefined)
      for (const name of ['texts', 'logCounts', 'places'] as const) feeds.push([texts.packing![name], packing[name]]);
    return { pass, feeds };
  }

  function scalarFeeds(learningRate: number): Feed[] {
    const scalars = adamWScalars(options.optimizer, learningRate, options.weightDecay, updates + 1);
    return (['stepSize', 'correction', 'decay'] as const).map((name) => [
      graph.inputs[name],
      Float32Array.of(scalars[name]),
    ]);
  }
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

/** Runs a session and returns the values of one output, which the caller owns. */
async function fetch(session: Session, feeds: readonly Feed[], output: Value): Promise<Float32Array> {
  const [fetched] = await session.run(feeds, [output]);
  const values = (fetched!.data as Float32Array).slice();
  fetched!.release();
  return values;
}
