/** @file The state of a run, and the steps that it plans to take. */
import { join } from 'node:path';
import { planSteps, type TrainPlan } from '../distill/train.js';
import type { TrainState } from '../distill/train-state.js';
import { readRegularFile } from '../base/regular-file.js';
import { CHECKPOINT_FILES, checkpointNames, folderOfCheckpoint } from './checkpoint-names.js';
import type { RunConfig } from './run-config.js';
import { soundEnding } from './run-ending.js';
import { isAbandoned, isWritten } from './run-lock.js';
import type { RunState } from './run-states.js';
import { parseTrainer } from './trainer-state.js';

/** The plan of a run as far as its configuration tells; null for unknown values. */
export type KnownPlan = { readonly [Name in keyof TrainPlan]: number | null };

/**
 * The state of a run, and the error that ended it.
 *
 * @param step the last step in its logs or checkpoints
 */
export async function runState(
  folder: string,
  { totalSteps }: KnownPlan,
  step: number,
): Promise<{ readonly state: RunState; readonly error?: string }> {
  const ending = await soundEnding(folder);
  if (ending !== undefined)
    return { state: ending.state, ...(ending.error === undefined ? {} : { error: ending.error }) };
  const saved = await savedState(folder);
  const isAtEnd = totalSteps !== null && step >= totalSteps;
  if (isAtEnd && saved?.validated === true && saved.step >= totalSteps) return { state: 'finished' };
  if (await isWritten(folder)) return { state: step === 0 ? 'starting' : 'training' };
  const isKilled = await isAbandoned(folder);
  if (isAtEnd && saved === undefined && !isKilled) return { state: 'finished' }; // its checkpoints were removed
  if (isKilled) return { state: 'failed', error: 'its process was killed' };
  if (saved !== undefined && saved.step < step)
    return { state: 'failed', error: `its last steps were not saved: it resumes from step ${saved.step}` };
  return { state: 'stopped' };
}

/** More than any `trainer.json` has. */
const LARGEST_TRAINER = 1_000_000;

/** The state in a run's newest checkpoint; undefined if none can be read. */
async function savedState(folder: string): Promise<TrainState | undefined> {
  const [newest] = await checkpointNames(folder);
  return newest === undefined ? undefined : stateAt(folder, newest);
}

/** The state in one of a run's checkpoints, whose files are not verified; undefined if it cannot be read. */
export async function stateAt(folder: string, checkpoint: string): Promise<TrainState | undefined> {
  try {
    const path = join(await folderOfCheckpoint(folder, checkpoint), CHECKPOINT_FILES.trainer);
    return parseTrainer((await readRegularFile(path, LARGEST_TRAINER)).toString(), path).state;
  } catch {
    return undefined;
  }
}

/** The planned steps of a run according to its settings. */
export function knownPlan({ settings, data }: Pick<RunConfig, 'settings' | 'data'>): KnownPlan {
  const numberOf = (name: string): number | null => (typeof settings[name] === 'number' ? settings[name] : null);
  const [batchSize, accumulate, epochs] = [numberOf('batchSize'), numberOf('accumulate') ?? 1, numberOf('epochs')];
  if (batchSize === null || epochs === null) return { totalSteps: null, stepsPerEpoch: null, epochs };
  if (data.training_pairs === 0) return { totalSteps: 0, stepsPerEpoch: 0, epochs: 0 };
  const count = Math.ceil(data.training_pairs / batchSize);
  return planSteps({ count }, { epochs, accumulate, maxSteps: numberOf('maxSteps') ?? undefined });
}
