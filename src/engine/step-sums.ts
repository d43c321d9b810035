/** @file What the eager engine sums over the micro-batches of a step. */
import tf from '../base/tfjs.cjs';
import type { LossTensors } from '../distill/loss.js';
import type { Gradients } from '../distill/step.js';
import { disposeParams } from './params.js';

/** Both losses and the gradients of a step, or of a part of it. */
export interface StepSums extends LossTensors {
  readonly gradients: Gradients;
}

/** The sums of two parts, as new tensors. */
export function addSums(a: StepSums, b: StepSums): StepSums {
  return {
    gradients: Object.fromEntries(
      Object.entries(a.gradients).map(([name, gradient]) => [name, tf.add(gradient, b.gradients[name]!)]),
    ),
    lossEn: tf.add(a.lossEn, b.lossEn),
    lossKo: tf.add(a.lossKo, b.lossKo),
  };
}

/** Frees all tensors of a sum. */
export function disposeSums({ gradients, lossEn, lossKo }: StepSums): void {
  disposeParams(gradients);
  tf.dispose([lossEn, lossKo]);
}
