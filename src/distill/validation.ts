/** @file Measures the student between steps: its validation losses, and how much its outputs differ. */
import type { Batches } from '../data/batches.js';
import type { Engine } from './engine.js';
import type { Evaluation } from './evaluation.js';
import type { OutputsRecord, ValidationRecord } from './records.js';
import type { TrainState } from './train-state.js';

/** Called during a validation. */
export interface ValidationCallbacks {
  /** @param total the number of pairs in the whole validation */
  onValidationBatch?(pairs: number, total: number): void | Promise<void>;
  /** @param trainLoss the mean loss over the epoch's pairs; absent for the untrained student */
  onValidation?(record: ValidationRecord, trainLoss?: number): void | Promise<void>;
}

/**
 * The losses on the validation pairs, with batches weighted by size.
 *
 * @param onEvaluation called with the evaluation and number of pairs of every batch
 * @returns undefined without validation pairs, or if stopped
 */
export async function validate(
  engine: Engine,
  validation: Batches,
  { step, epoch, epochLoss }: TrainState,
  callbacks: ValidationCallbacks,
  signal?: AbortSignal,
  onEvaluation?: (evaluation: Evaluation, size: number) => void,
): Promise<ValidationRecord | undefined> {
  if (validation.pairs === 0) return undefined;
  let [sumEn, sumKo] = [0, 0];
  for (let from = 0; from < validation.count; from += engine.batchesAtOnce) {
    const count = Math.min(engine.batchesAtOnce, validation.count - from);
    const batches = await Promise.all(Array.from({ length: count }, (_, i) => validation.at(from + i)));
    for (const [i, evaluation] of (await engine.evaluate(batches)).entries()) {
      const { size } = batches[i]!;
      sumEn += evaluation.lossEn * size;
      sumKo += evaluation.lossKo * size;
      onEvaluation?.(evaluation, size);
      await callbacks.onValidationBatch?.(size, validation.pairs);
    }
    if (signal?.aborted) return undefined;
  }
  const [lossEn, lossKo] = [sumEn / validation.pairs, sumKo / validation.pairs];
  const record = { step, epoch, loss: lossEn + lossKo, lossEn, lossKo, pairs: validation.pairs };
  await callbacks.onValidation?.(record, step === 0 ? undefined : epochLoss.sum / epochLoss.pairs);
  return record;
}

/** How much outputs differ within the first validation batch, or the first training batch if there is none. */
export async function measureOutputs(
  engine: Engine,
  data: { readonly training: Batches; readonly validation: Batches },
  { step, epoch }: TrainState,
): Promise<OutputsRecord> {
  const batch = await (data.validation.pairs > 0 ? data.validation : data.training).at(0);
  const { student, teacher } = (await engine.evaluate([batch]))[0]!;
  return { step, epoch, student, teacher };
}
