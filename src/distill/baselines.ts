import type { Batches } from '../data/batches.js';
import type { Engine } from './engine.js';
import { meanPredictor } from './mean-predictor.js';
import type { Baselines, ValidationRecord } from './records.js';
import { START } from './train-state.js';
import { validate, type ValidationCallbacks } from './validation.js';

/** Told as the baselines are measured. */
export interface BaselineCallbacks extends ValidationCallbacks {
  onBaselines?(baselines: Baselines): void | Promise<void>;
}

/**
 * Measures the untrained student and the mean predictor: over all validation pairs, or where there are none over the
 * first batch, of which no record is kept.
 *
 * @returns the untrained student's validation; undefined without validation pairs, or stopped
 */
export async function measureBaselines(
  engine: Engine,
  { training, validation }: { readonly training: Batches; readonly validation: Batches },
  callbacks: BaselineCallbacks,
  signal?: AbortSignal,
): Promise<ValidationRecord | undefined> {
  const spread = meanPredictor();
  const first =
    validation.pairs === 0
      ? undefined
      : await validate(engine, validation, { ...START, epoch: 0 }, callbacks, signal, spread);
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
