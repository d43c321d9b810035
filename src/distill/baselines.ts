import type { Batches } from '../data/batches.js';
import type { Engine } from './engine.js';
import type { Evaluation } from './evaluation.js';
import type { Baselines, ValidationRecord } from './records.js';
import { INITIAL_STATE } from './train-state.js';
import { validate, type ValidationCallbacks } from './validation.js';

/** The pairs of a run, in batches. */
export interface RunBatches {
  readonly training: Batches;
  /** The validation pairs, the same at every validation. */
  readonly validation: Batches;
  /** The validation pairs that the untrained student is measured on; by default all. */
  readonly baseline?: Batches;
}

/** Called while the baselines are measured. */
export interface BaselineCallbacks extends ValidationCallbacks {
  onBaselines?(baselines: Baselines): void | Promise<void>;
}

/**
 * Measures the untrained student and the mean predictor on the baseline pairs. If there are none, they are measured on
 * the first training batch, which is not a validation.
 *
 * @returns the untrained student's validation; undefined without validation pairs, or if stopped
 */
export async function measureBaselines(
  engine: Engine,
  { training, validation, baseline = validation }: RunBatches,
  callbacks: BaselineCallbacks,
  signal?: AbortSignal,
): Promise<ValidationRecord | undefined> {
  const spread = meanPredictor();
  const first =
    baseline.pairs === 0
      ? undefined
      : await validate(engine, baseline, { ...INITIAL_STATE, epoch: 0 }, callbacks, signal, spread.add);
  if (signal?.aborted) return undefined;
  let untrained = first?.loss;
  if (untrained === undefined) {
    const batch = await training.at(0);
    const [evaluation] = await engine.evaluate([batch]);
    spread.add(evaluation!, batch.size);
    untrained = evaluation!.lossEn + evaluation!.lossKo;
  }
  await callbacks.onBaselines?.({ untrained, ...spread.result() });
  return first;
}

/** Accumulates batches for the loss of always predicting the teacher's mean. */
interface MeanPredictor {
  readonly add: (evaluation: Evaluation, size: number) => void;
  readonly result: () => { readonly mean: number; readonly pairs: number };
}

/**
 * The loss of always predicting the teacher's mean: for each language the variance of the teacher's outputs over all
 * sentences, which is the variance within batches plus the variance of the batch means.
 */
function meanPredictor(): MeanPredictor {
  let [pairs, squares] = [0, 0];
  let sums = new Float64Array();
  return {
    add({ teacher, teacherMean }, size) {
      if (sums.length === 0) sums = new Float64Array(teacherMean.length);
      pairs += size;
      squares += size * teacher.variance * sums.length;
      for (const [i, value] of teacherMean.entries()) {
        sums[i]! += size * value;
        squares += size * value ** 2;
      }
    },
    result() {
      const ofMean = sums.reduce((sum, value) => sum + (value / pairs) ** 2, 0);
      return { mean: (2 * (squares / pairs - ofMean)) / sums.length, pairs };
    },
  };
}
