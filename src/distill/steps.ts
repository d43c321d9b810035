/** @file The steps of a run: their pairs, learning rates, and how to handle a step that is not finite. */
import type { Batch, Batches } from '../data/batches.js';
import type { Engine, StepResult } from './engine.js';
import { NotFiniteStepError } from './not-finite-step-error.js';
import type { StepRecord } from './records.js';
import { learningRateAt, type Schedule } from './schedule.js';
import type { TrainState } from './train-state.js';

/** How to handle a step that is not finite: end the run, or skip the step. */
export const ON_NAN = ['stop', 'skip'] as const;
export type OnNan = (typeof ON_NAN)[number];

/** This many non-finite steps in a row end the run, even if such steps are to be skipped. */
export const MAX_SKIPPED_IN_A_ROW = 100;

/** A completed step. */
export interface StepTaken {
  readonly record: StepRecord;
  /** Whether it changed the student; false if it was skipped. */
  readonly applied: boolean;
  /** Its rows of the training data. */
  readonly rows: readonly number[];
}

/** Takes the steps of a run. */
export interface Steps {
  /**
   * Takes the step after a state.
   *
   * @throws NotFiniteStepError for a step that is not finite and not to be skipped; the student is unchanged
   */
  take(after: TrainState): Promise<StepTaken>;
  /** False once the engine has failed during a step, when its state may be inconsistent. */
  readonly isEngineConsistent: boolean;
}

/** Creates the steps of a run, with a schedule over batches. */
export function stepsOf(
  engine: Engine,
  training: Batches,
  schedule: Schedule,
  { accumulate, onNan }: { readonly accumulate: number; readonly onNan?: OnNan | undefined },
): Steps {
  let isEngineConsistent = true;
  return {
    get isEngineConsistent() {
      return isEngineConsistent;
    },
    async take({ step: before, epoch, position, skippedInARow }) {
      const step = before + 1;
      const microBatches = await batchesOfStep(training, position, epoch - 1, accumulate);
      const learningRate = learningRateAt(schedule, step);
      isEngineConsistent = false;
      const result = await engine.step(microBatches, learningRate);
      isEngineConsistent = true;
      const rows = microBatches.flatMap((batch) => [...batch.rows]);
      const record = recordOf(result, { step, epoch, learningRate, pairs: rows.length });
      if (!result.applied && (onNan !== 'skip' || skippedInARow >= MAX_SKIPPED_IN_A_ROW))
        throw notFinite(record, rows, onNan === 'skip' ? skippedInARow : 0);
      return { record, applied: result.applied, rows };
    },
  };
}

function batchesOfStep(training: Batches, inEpoch: number, epoch: number, accumulate: number): Promise<Batch[]> {
  const from = inEpoch * accumulate;
  const to = Math.min(from + accumulate, training.count);
  return Promise.all(Array.from({ length: to - from }, (_, i) => training.at(from + i, epoch)));
}

function recordOf(
  { lossEn, lossKo, gradNorm }: StepResult,
  at: Pick<StepRecord, 'step' | 'epoch' | 'learningRate' | 'pairs'>,
): StepRecord {
  return { ...at, loss: lossEn + lossKo, lossEn, lossKo, gradNorm };
}

function notFinite(
  { step, lossEn, lossKo, gradNorm }: StepRecord,
  rows: readonly number[],
  skipped: number,
): NotFiniteStepError {
  return new NotFiniteStepError(
    `step ${step}: expected finite losses and gradients, got loss_en ${lossEn}, loss_ko ${lossKo}, gradient ` +
      `norm ${gradNorm} in rows ${rangesOf(rows)} of the training pairs (from 0)` +
      (skipped === 0 ? '' : `, after ${skipped} such steps in a row, which were skipped`),
  );
}

/** `0–31, 64–95`, or with other characters between the numbers. */
export function rangesOf(rows: readonly number[], { dash = '–', between = ', ' } = {}): string {
  const ranges: [number, number][] = [];
  for (const row of rows) {
    const last = ranges.at(-1);
    if (last?.[1] === row - 1) last[1] = row;
    else ranges.push([row, row]);
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}${dash}${to}`)).join(between);
}
