/** @file The reference engine: every op runs as tfjs calls it, on whichever tfjs backend is current. */
import * as tf from '@tensorflow/tfjs-core';
import type { Batch } from '../data/batches.js';
import { adamWScalars, adamWUpdate, decays } from '../distill/adamw.js';
import type { Engine, EngineOptions, Losses, NamedValues, StepResult } from '../distill/engine.js';
import { distillationLosses, distillationTarget, trainableParameters, type Distillation } from '../distill/loss.js';
import { clipFactor, distillationGradients, globalNorm, type Gradients } from '../distill/step.js';
import type { DropoutKey } from '../models/dropout.js';
import { batchTensors } from './batch-tensors.js';
import { disposeParams, uploadParams, type ParameterValues } from './params.js';
import { tidy } from './tidy.js';

/**
 * An engine over tfjs ops as they are.
 *
 * It owns the parameters of both models and the optimiser's moments; every other tensor is gone when a call returns.
 */
export async function eagerEngine(
  distillation: Distillation,
  parameters: { readonly teacher: ParameterValues; readonly student: ParameterValues },
  options: EngineOptions,
): Promise<Engine> {
  const { student: encoder } = distillation;
  const teacher = await uploadParams(distillation.teacher.shapes, parameters.teacher);
  const student = await uploadParams(encoder.shapes, parameters.student);
  const zeros = (name: string): [string, tf.Tensor] => [name, tf.zeros([...encoder.shapes[name]])];
  const firstMoments = Object.fromEntries(trainableParameters(distillation).map(zeros));
  const secondMoments = Object.fromEntries(trainableParameters(distillation).map(zeros));
  let steps = 0;

  return { step, evaluate, studentParameters, dispose };

  async function step(microBatches: readonly Batch[], learningRate: number): Promise<StepResult> {
    steps++;
    const { gradients, losses } = stepGradients(microBatches);
    const norm = globalNorm(gradients);
    applyGradients(gradients, norm, learningRate);
    const [lossEn, lossKo, gradNorm] = await readScalars([...losses, norm]);
    return { lossEn: lossEn, lossKo: lossKo, gradNorm: gradNorm };
  }

  /** Gradients and both losses of a step, added up over its micro-batches. */
  function stepGradients(microBatches: readonly Batch[]): StepSums {
    const pairs = microBatches.reduce((sum, batch) => sum + batch.size, 0);
    let sums: StepSums | undefined;
    for (const [index, batch] of microBatches.entries()) {
      const before = sums;
      sums = tidy(() => {
        const { lossEn, lossKo, gradients } = distillationGradients(
          distillation, { teacher, student }, batchTensors(batch, options.batchSize, pairs), dropoutKey(index),
        );
        const added = { gradients, losses: [lossEn, lossKo] };
        return before === undefined ? added : addUp(before, added);
      });
      if (before !== undefined) disposeSums(before);
    }
    if (sums === undefined) throw new Error('a step needs at least one micro-batch');
    return sums;
  }

  function dropoutKey(microBatch: number): DropoutKey {
    const position = (steps - 1) * options.accumulate + microBatch;
    return { seed: options.seed, step: tf.scalar(position, 'int32'), rate: options.dropout };
  }

  /** Clips, updates and frees: each parameter's old tensors go before the next one is touched. */
  function applyGradients(gradients: Gradients, norm: tf.Scalar, learningRate: number): void {
    const factor = options.maxGradNorm === undefined ? undefined : clipFactor(norm, options.maxGradNorm);
    const scalars = adamWScalars(options.optimizer, learningRate, options.weightDecay, steps);
    for (const [name, gradient] of Object.entries(gradients)) {
      const slot = { parameter: student[name], firstMoment: firstMoments[name], secondMoment: secondMoments[name] };
      const decayed = decays(options.optimizer, encoder.isBiasOrNorm(name));
      const updated = tidy(() => adamWUpdate(options.optimizer, slot, factor ? tf.mul(gradient, factor) : gradient, scalars, decayed));
      tf.dispose([slot.parameter, slot.firstMoment, slot.secondMoment, gradient]);
      student[name] = updated.parameter;
      firstMoments[name] = updated.firstMoment;
      secondMoments[name] = updated.secondMoment;
    }
    factor?.dispose();
  }

  async function evaluate(batch: Batch): Promise<Losses> {
    const losses = tf.tidy(() => {
      const tensors = batchTensors(batch, options.batchSize, batch.size);
      const target = distillationTarget(distillation, teacher, tensors.teacherIds);
      const { lossEn, lossKo } = distillationLosses(distillation, student, tensors, target);
      return [lossEn, lossKo];
    });
    const [lossEn, lossKo] = await readScalars(losses);
    return { lossEn: lossEn, lossKo: lossKo };
  }

  async function* studentParameters(): AsyncIterable<NamedValues> {
    for (const [name, shape] of Object.entries(encoder.shapes)) {
      yield { name, shape, values: (await student[name].data()) as Float32Array };
    }
  }

  function dispose(): void {
    for (const owned of [teacher, student, firstMoments, secondMoments]) disposeParams(owned);
  }
}

/** What a step adds up over its micro-batches. */
interface StepSums {
  readonly gradients: Gradients;
  /** English, Korean. */
  readonly losses: tf.Scalar[];
}

function addUp(a: StepSums, b: StepSums): StepSums {
  return {
    gradients: Object.fromEntries(Object.entries(a.gradients).map(([name, gradient]) => [name, tf.add(gradient, b.gradients[name])])),
    losses: a.losses.map((loss, i) => tf.add<tf.Scalar>(loss, b.losses[i])),
  };
}

function disposeSums({ gradients, losses }: StepSums): void {
  disposeParams(gradients);
  tf.dispose(losses);
}

/** Reads scalars and frees them. */
async function readScalars(scalars: tf.Scalar[]): Promise<number[]> {
  const values = await Promise.all(scalars.map(async (scalar) => (await scalar.data())[0]));
  tf.dispose(scalars);
  return values;
}
