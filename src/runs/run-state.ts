/** @file The state of a run, and the steps that it is to take. */
import { planSteps, type TrainPlan } from '../distill/train.js';
import type { RunConfig } from './run-config.js';
import { readEnding } from './run-ending.js';
import { isAbandoned, isWritten } from './run-lock.js';
import type { RunState } from './run-states.js';

/** The plan of a run, as far as its configuration tells it: null for what it does not. */
export type KnownPlan = { readonly [Name in keyof TrainPlan]: number | null };

/** The state of a run after `step` steps, and the error that ended it. */
export async function runState(
  folder: string,
  { totalSteps }: KnownPlan,
  step: number,
): Promise<{ readonly state: RunState; readonly error?: string }> {
  const ending = await readEnding(folder);
  if (ending !== undefined)
    return { state: ending.state, ...(ending.error === undefined ? {} : { error: ending.error }) };
  if (totalSteps !== null && step >= totalSteps) return { state: 'finished' };
  if (await isWritten(folder)) return { state: step === 0 ? 'starting' : 'training' };
  return (await isAbandoned(folder)) ? { state: 'failed', error: 'its process was killed' } : { state: 'stopped' };
}

/** The steps of a run, as its settings have them. */
export function knownPlan({ settings, data }: Pick<RunConfig, 'settings' | 'data'>): KnownPlan {
  const numberOf = (name: string): number | null => (typeof settings[name] === 'number' ? settings[name] : null);
  const [batchSize, accumulate, epochs] = [numberOf('batchSize'), numberOf('accumulate') ?? 1, numberOf('epochs')];
  if (batchSize === null || epochs === null) return { totalSteps: null, stepsPerEpoch: null, epochs };
  if (data.training_pairs === 0) return { totalSteps: 0, stepsPerEpoch: 0, epochs: 0 };
  const count = Math.ceil(data.training_pairs / batchSize);
  return planSteps({ count }, { epochs, accumulate, maxSteps: numberOf('maxSteps') ?? undefined });
}
