/** @file The reference engine: every op runs as tfjs calls it, on the current tfjs backend. */
import tf from '../base/tfjs.cjs';
import type { Batch } from '../data/batches.js';
import { adamWScalars, adamWUpdate, decays, momentName } from '../distill/adamw.js';
import type { Engine, InitialEngineState, StepResult } from '../distill/engine.js';
import type { EngineOptions } from './engine-options.js';
import { evaluationTensor, readEvaluation, type Evaluation } from '../distill/evaluation.js';
import {
  distillationTarget,
  targetShape,
  type BatchTensors,
  type Distillation,
  type LossTensors,
} from '../distill/loss.js';
import { clipFactor, distillationGradients, globalNorm, type Gradients } from '../distill/step.js';
import type { DropoutChoice, DropoutKey } from '../models/dropout.js';
import { batchTensors, padBatch } from './batch-tensors.js';
import { disposeState, uploadState, valuesOf } from './eager-state.js';
import { disposeParams, readAndDispose } from './params.js';
import { arrangeTexts, textLayouts } from './text-layouts.js';

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
  const { student: encoder } = distillation;
  const hasGivenTargets = options.targets === 'given';
  const state = await uploadState(distillation, initial, hasGivenTargets);
  const { teacher, student, moments } = state;
  const dropoutChoice = { rate: options.dropout, padding: options.padding };
  let { steps, updates } = initial.optimizer ?? { steps: 0, updates: 0 };

  return {
    step,
    batchesAtOnce: 1,
    evaluate,
    teacherOutputs,
    studentParameters: () => valuesOf(student),
    moments: () => valuesOf(moments),
    counters: () => ({ steps, updates }),
    dispose: () => {
      disposeState(state);
    },
  };

  async function step(microBatches: readonly Batch[], learningRate: number): Promise<StepResult> {
    steps++;
    const sums = stepGradients(microBatches);
    let norm: tf.Scalar | undefined;
    let factor: tf.Scalar | undefined;
    try {
      norm = globalNorm(sums.gradients);
      if (options.maxGradNorm !== undefined) factor = clipFactor(norm, options.maxGradNorm);
      const [lossEn, lossKo, gradNorm] = [
        await readScalar(sums.lossEn),
        await readScalar(sums.lossKo),
        await readScalar(norm),
      ];
      const applied = Number.isFinite(lossEn + lossKo + gradNorm);
      if (applied) applyGradients(sums.gradients, factor, learningRate);
      return { lossEn, lossKo, gradNorm, applied };
    } finally {
      disposeSums(sums);
      norm?.dispose();
      factor?.dispose();
    }
  }

  /** Gradients and both losses of a step, summed over its micro-batches. */
  function stepGradients(microBatches: readonly Batch[]): StepSums {
    const pairs = microBatches.reduce((sum, batch) => sum + batch.size, 0);
    let sums: StepSums | undefined;
    try {
      for (const [index, batch] of microBatches.entries()) {
        const before = sums;
        sums = tidy(() => {
          const { lossEn, lossKo, gradients } = distillationGradients(
            distillation,
            { teacher, student },
            tensorsOf(batch, pairs, dropoutChoice),
            dropoutKey(index),
          );
          const added = { gradients, lossEn, lossKo };
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

  function dropoutKey(microBatch: number): DropoutKey {
    const position = (steps - 1) * options.accumulate + microBatch;
    return { seed: options.seed, step: tf.scalar(position, 'int32'), ...dropoutChoice };
  }

  /** @param dropout for the student's texts; absent: none */
  function tensorsOf(batch: Batch, pairs: number, dropout?: DropoutChoice): BatchTensors {
    const length = batch.teacherIds.length / batch.size;
    const { batchSize, textLengths } = options;
    const shape = hasGivenTargets ? targetShape(distillation, batchSize, length) : undefined;
    const padded = padBatch(batch, batchSize, pairs, hasGivenTargets);
    return batchTensors(
      padded,
      arrangeTexts(batch, textLayouts(encoder, length, batchSize, dropout, { textLengths })),
      shape,
    );
  }

  /** Clips, updates and frees: each parameter's old tensors are freed before the next parameter is updated. */
  function applyGradients(gradients: Gradients, factor: tf.Scalar | undefined, learningRate: number): void {
    updates++;
    const scalars = adamWScalars(options.optimizer, learningRate, options.weightDecay, updates);
    for (const [name, gradient] of Object.entries(gradients)) {
      const [first, second] = [momentName('exp_avg', name), momentName('exp_avg_sq', name)];
      const slot = { parameter: student[name]!, firstMoment: moments[first]!, secondMoment: moments[second]! };
      const decayed = decays(options.optimizer, encoder.isBiasOrNorm(name));
      const updated = tidy(() =>
        adamWUpdate(options.optimizer, slot, factor ? tf.mul(gradient, factor) : gradient, scalars, decayed),
      );
      tf.dispose([slot.parameter, slot.firstMoment, slot.secondMoment, gradient]);
      student[name] = updated.parameter;
      moments[first] = updated.firstMoment;
      moments[second] = updated.secondMoment;
    }
  }

  async function evaluate(batches: readonly Batch[]): Promise<Evaluation[]> {
    const evaluations: Evaluation[] = [];
    for (const batch of batches) evaluations.push(await evaluateBatch(batch));
    return evaluations;
  }

  async function evaluateBatch(batch: Batch): Promise<Evaluation> {
    const result = tf.tidy(() => {
      const tensors = tensorsOf(batch, batch.size);
      return evaluationTensor(
        distillation,
        student,
        tensors,
        tensors.target ?? distillationTarget(distillation, teacher, tensors.teacherIds),
      );
    });
    return readEvaluation(await readAndDispose(result), batch.size);
  }

  async function teacherOutputs(batch: Batch): Promise<Float32Array> {
    if (hasGivenTargets) throw new Error("an engine that is given the teacher's outputs has no teacher");
    const target = tf.tidy(() => distillationTarget(distillation, teacher, tensorsOf(batch, batch.size).teacherIds));
    const values = await readAndDispose(target);
    return values.subarray(0, (values.length / options.batchSize) * batch.size);
  }
}

/** What a step sums over its micro-batches. */
interface StepSums extends LossTensors {
  readonly gradients: Gradients;
}

function addSums(a: StepSums, b: StepSums): StepSums {
  return {
    gradients: Object.fromEntries(
      Object.entries(a.gradients).map(([name, gradient]) => [name, tf.add(gradient, b.gradients[name]!)]),
    ),
    lossEn: tf.add(a.lossEn, b.lossEn),
    lossKo: tf.add(a.lossKo, b.lossKo),
  };
}

function disposeSums({ gradients, lossEn, lossKo }: StepSums): void {
  disposeParams(gradients);
  tf.dispose([lossEn, lossKo]);
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
