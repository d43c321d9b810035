/** @file The reference engine: every op runs as tfjs calls it, on the current tfjs backend. */
import tf from '../base/tfjs.cjs';
import { countPairs, type Batch } from '../data/batches.js';
import { adamWScalars, adamWUpdate, decays, momentName, type AdamWScalars } from '../distill/adamw.js';
import type { Engine, InitialEngineState, StepResult } from '../distill/engine.js';
import type { EngineOptions } from './engine-options.js';
import { evaluationTensor, readEvaluation, type Evaluation } from '../distill/evaluation.js';
import { distillationTarget, targetShape, type BatchTensors, type Distillation } from '../distill/loss.js';
import { clipFactor, distillationGradients, globalNorm, type Gradients } from '../distill/step.js';
import type { DropoutChoice } from '../models/dropout.js';
import { batchTensors, padBatch } from './batch-tensors.js';
import { disposeState, uploadState, valuesOf, type EagerState } from './eager-state.js';
import { readAndDispose } from './params.js';
import { addSums, disposeSums, type StepSums } from './step-sums.js';
import { arrangeTexts, textLayouts } from './text-layouts.js';

/** What an eager engine computes with. */
interface EagerModels {
  readonly distillation: Distillation;
  readonly options: EngineOptions;
  readonly state: EagerState;
}

/**
 * An engine over plain tfjs ops.
 *
 * It owns the parameters of both models and the optimiser's moments; every other tensor is freed when a call returns.
 */
export async function eagerEngine(
  distillation: Distillation,
  initial: InitialEngineState,
  options: EngineOptions,
): Promise<Engine> {
  const state = await uploadState(distillation, initial, options.targets === 'given');
  const models: EagerModels = { distillation, options, state };
  let { steps, updates } = initial.optimizer ?? { steps: 0, updates: 0 };

  return {
    batchesAtOnce: 1,
    async step(microBatches, learningRate) {
      const sums = sumGradients(models, microBatches, steps++ * options.accumulate);
      const scalars = adamWScalars(options.optimizer, learningRate, options.weightDecay, updates + 1);
      const result = await takeStep(models, sums, scalars);
      if (result.applied) updates++;
      return result;
    },
    async evaluate(batches) {
      const evaluations: Evaluation[] = [];
      for (const batch of batches) evaluations.push(await evaluateBatch(models, batch));
      return evaluations;
    },
    teacherOutputs: (batch) => teacherOutputs(models, batch),
    studentParameters: () => valuesOf(state.student),
    moments: () => valuesOf(state.moments),
    counters: () => ({ steps, updates }),
    dispose: () => {
      disposeState(state);
    },
  };
}

/**
 * Gradients and both losses of a step, summed over its micro-batches. The caller owns them.
 *
 * @param position the index of the first micro-batch in the run
 */
function sumGradients(models: EagerModels, microBatches: readonly Batch[], position: number): StepSums {
  const { distillation, options, state } = models;
  const pairs = countPairs(microBatches);
  const dropout = { rate: options.dropout, padding: options.padding };
  let sums: StepSums | undefined;
  try {
    for (const [index, batch] of microBatches.entries()) {
      const before = sums;
      sums = tidy(() => {
        const key = { seed: options.seed, step: tf.scalar(position + index, 'int32'), ...dropout };
        const tensors = tensorsOf(models, batch, pairs, dropout);
        const added = distillationGradients(distillation, state, tensors, key);
        return before === undefined ? added : addSums(before, added);
      });
      if (before !== undefined) disposeSums(before);
    }
  } catch (error) {
    if (sums !== undefined) disposeSums(sums);
    throw error;
  }
  if (sums === undefined) throw new Error('a step needs at least one micro-batch');
  return sums;
}

/** Applies the gradients if they and the losses are finite, and frees them. */
async function takeStep(models: EagerModels, sums: StepSums, scalars: AdamWScalars): Promise<StepResult> {
  const { maxGradNorm } = models.options;
  let norm: tf.Scalar | undefined;
  let factor: tf.Scalar | undefined;
  try {
    norm = globalNorm(sums.gradients);
    if (maxGradNorm !== undefined) factor = clipFactor(norm, maxGradNorm);
    const [lossEn, lossKo, gradNorm] = [
      await readScalar(sums.lossEn),
      await readScalar(sums.lossKo),
      await readScalar(norm),
    ];
    const applied = Number.isFinite(lossEn + lossKo + gradNorm);
    if (applied) applyGradients(models, sums.gradients, factor, scalars);
    return { lossEn, lossKo, gradNorm, applied };
  } finally {
    disposeSums(sums);
    norm?.dispose();
    factor?.dispose();
  }
}

/** Clips, updates and frees: each parameter's old tensors are freed before the next parameter is updated. */
function applyGradients(
  { distillation, options: { optimizer }, state: { student, moments } }: EagerModels,
  gradients: Gradients,
  factor: tf.Scalar | undefined,
  scalars: AdamWScalars,
): void {
  for (const [name, gradient] of Object.entries(gradients)) {
    const [first, second] = [momentName('exp_avg', name), momentName('exp_avg_sq', name)];
    const slot = { parameter: student[name]!, firstMoment: moments[first]!, secondMoment: moments[second]! };
    const decayed = decays(optimizer, distillation.student.isBiasOrNorm(name));
    const updated = tidy(() =>
      adamWUpdate(optimizer, slot, factor ? tf.mul(gradient, factor) : gradient, scalars, decayed),
    );
    tf.dispose([slot.parameter, slot.firstMoment, slot.secondMoment, gradient]);
    student[name] = updated.parameter;
    moments[first] = updated.firstMoment;
    moments[second] = updated.secondMoment;
  }
}

async function evaluateBatch(models: EagerModels, batch: Batch): Promise<Evaluation> {
  const { distillation, state } = models;
  const result = tf.tidy(() => {
    const tensors = tensorsOf(models, batch, batch.size);
    const target = tensors.target ?? distillationTarget(distillation, state.teacher, tensors.teacherIds);
    return evaluationTensor(distillation, state.student, tensors, target);
  });
  return readEvaluation(await readAndDispose(result), batch.size);
}

async function teacherOutputs(models: EagerModels, batch: Batch): Promise<Float32Array> {
  const { distillation, options, state } = models;
  if (options.targets === 'given') throw new Error("an engine that is given the teacher's outputs has no teacher");
  const target = tf.tidy(() =>
    distillationTarget(distillation, state.teacher, tensorsOf(models, batch, batch.size).teacherIds),
  );
  const values = await readAndDispose(target);
  return values.subarray(0, (values.length / options.batchSize) * batch.size);
}

/**
 * A batch, filled up to its full size, as tensors, which the caller owns.
 *
 * @param pairs of the whole step
 * @param dropout for the student's texts; absent: none
 */
function tensorsOf(
  { distillation, options: { batchSize, textLengths, targets } }: EagerModels,
  batch: Batch,
  pairs: number,
  dropout?: DropoutChoice,
): BatchTensors {
  const length = batch.teacherIds.length / batch.size;
  const hasGivenTargets = targets === 'given';
  const layouts = textLayouts(distillation.student, length, batchSize, dropout, { textLengths });
  return batchTensors(
    padBatch(batch, batchSize, pairs, hasGivenTargets),
    arrangeTexts(batch, layouts),
    hasGivenTargets ? targetShape(distillation, batchSize, length) : undefined,
  );
}

async function readScalar(scalar: tf.Scalar): Promise<number> {
  return (await scalar.data())[0]!;
}

/**
 * `tf.tidy` for results of any type: tensors found in the result, at any depth, survive; all others made on the way are
 * freed. (tfjs's own typing knows only objects with index signatures.)
 */
function tidy<T extends object>(work: () => T): T {
  return tf.tidy(work as unknown as () => tf.TensorContainer) as unknown as T;
}
