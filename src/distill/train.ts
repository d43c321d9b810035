import type { Batch, Batches } from '../data/batches.js';
import type { Engine } from './engine.js';
import type { Losses } from './loss.js';
import { learningRateAt, type Schedule } from './schedule.js';

export interface TrainOptions {
  readonly epochs: number;
  readonly learningRate: number;
  readonly warmupRatio: number;
  /** Micro-batches a step. */
  readonly accumulate: number;
  /** Ends the run after this many steps; the schedule ends there too. */
  readonly maxSteps?: number | undefined;
  /** Checkpoints between those at epoch ends. */
  readonly saveEvery?: number | undefined;
  /** Ends the run after the step in hand, or in the middle of a validation, and saves. */
  readonly signal?: AbortSignal | undefined;
}

/** One optimiser step, counted from 1 over the whole run. */
export interface StepRecord extends Losses {
  readonly step: number;
  readonly epoch: number;
  readonly learningRate: number;
  readonly loss: number;
  readonly gradNorm: number;
  /** Pairs in this step. */
  readonly pairs: number;
}

/** The losses over all validation pairs after a step; step 0 is the untrained student. */
export interface ValidationRecord extends Losses {
  readonly step: number;
  readonly epoch: number;
  readonly loss: number;
}

/** What a run will do, known before its first step. */
export interface TrainPlan {
  readonly epochs: number;
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
}

/** Told as the run goes on; a returned promise is waited for. */
export interface TrainCallbacks {
  onPlan?(plan: TrainPlan): void | Promise<void>;
  onStep?(record: StepRecord): void | Promise<void>;
  onValidationBatch?(pairs: number): void | Promise<void>;
  onValidation?(record: ValidationRecord): void | Promise<void>;
  /** Time to save: at epoch ends, every `saveEvery` steps, and when stopped. `isBest`: the lowest validation loss so far. */
  onCheckpoint?(at: { readonly step: number; readonly epoch: number; readonly isBest: boolean }): void | Promise<void>;
}

export interface TrainResult {
  readonly steps: number;
  readonly stopped: boolean;
  /** The untrained student's validation; absent without validation pairs. */
  readonly first?: ValidationRecord | undefined;
  /** The validation with the lowest loss; absent without validation pairs. */
  readonly best?: ValidationRecord | undefined;
}

/**
 * The whole run: every epoch goes over the training batches in the same order, then validates and saves.
 * Prints nothing; tells `callbacks`.
 */
export async function train(
  engine: Engine,
  data: { readonly training: Batches; readonly validation: Batches },
  options: TrainOptions,
  callbacks: TrainCallbacks = {},
): Promise<TrainResult> {
  const plan = planSteps(data.training, options);
  const schedule: Schedule = { peak: options.learningRate, totalSteps: plan.totalSteps, warmupRatio: options.warmupRatio };
  await callbacks.onPlan?.(plan);

  let step = 0;
  const first = await validate(engine, data.validation, { step, epoch: 0 }, options, callbacks);
  let best = first;
  if (options.signal?.aborted) return { steps: step, stopped: true, first, best };

  for (let epoch = 1; step < plan.totalSteps; epoch++) {
    for (let inEpoch = 0; inEpoch < plan.stepsPerEpoch && step < plan.totalSteps; inEpoch++) {
      step++;
      const microBatches = await batchesOfStep(data.training, inEpoch, epoch - 1, options.accumulate);
      const learningRate = learningRateAt(schedule, step);
      const { lossEn, lossKo, gradNorm } = await engine.step(microBatches, learningRate);
      const pairs = microBatches.reduce((sum, batch) => sum + batch.size, 0);
      await callbacks.onStep?.({ step, epoch, learningRate, loss: lossEn + lossKo, lossEn, lossKo, gradNorm, pairs });

      if (options.signal?.aborted) {
        await callbacks.onCheckpoint?.({ step, epoch, isBest: false });
        return { steps: step, stopped: true, first, best };
      }
      if (options.saveEvery !== undefined && step % options.saveEvery === 0 && inEpoch + 1 < plan.stepsPerEpoch) {
        await callbacks.onCheckpoint?.({ step, epoch, isBest: false });
      }
    }
    const validation = await validate(engine, data.validation, { step, epoch }, options, callbacks);
    // Without validation pairs the newest is taken for the best.
    const isBest = validation === undefined ? data.validation.pairs === 0 : best === first || validation.loss < best!.loss;
    if (isBest) best = validation;
    await callbacks.onCheckpoint?.({ step, epoch, isBest });
    if (options.signal?.aborted) return { steps: step, stopped: true, first, best };
  }
  return { steps: step, stopped: false, first, best };
}

/** Counts steps: a last, smaller batch and a last, partial window of micro-batches are steps too. */
export function planSteps(training: Batches, options: Pick<TrainOptions, 'epochs' | 'accumulate' | 'maxSteps'>): TrainPlan {
  const stepsPerEpoch = Math.ceil(training.count / options.accumulate);
  const totalSteps = Math.min(stepsPerEpoch * options.epochs, options.maxSteps ?? Infinity);
  return { epochs: Math.ceil(totalSteps / stepsPerEpoch), stepsPerEpoch, totalSteps };
}

function batchesOfStep(training: Batches, inEpoch: number, epoch: number, accumulate: number): Promise<Batch[]> {
  const from = inEpoch * accumulate;
  const to = Math.min(from + accumulate, training.count);
  return Promise.all(Array.from({ length: to - from }, (_, i) => training.at(from + i, epoch)));
}

/** The losses over all validation pairs, each batch counting by its size. Undefined with nothing to validate on, or stopped. */
async function validate(
  engine: Engine,
  validation: Batches,
  at: { readonly step: number; readonly epoch: number },
  { signal }: Pick<TrainOptions, 'signal'>,
  callbacks: TrainCallbacks,
): Promise<ValidationRecord | undefined> {
  if (validation.pairs === 0) return undefined;
  let [sumEn, sumKo] = [0, 0];
  for (let index = 0; index < validation.count; index++) {
    const batch = await validation.at(index);
    const { lossEn, lossKo } = await engine.evaluate(batch);
    sumEn += lossEn * batch.size;
    sumKo += lossKo * batch.size;
    await callbacks.onValidationBatch?.(batch.size);
    if (signal?.aborted) return undefined;
  }
  const [lossEn, lossKo] = [sumEn / validation.pairs, sumKo / validation.pairs];
  const record = { ...at, loss: lossEn + lossKo, lossEn, lossKo };
  await callbacks.onValidation?.(record);
  return record;
}
