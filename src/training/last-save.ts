/** @file The last state of a run: if it cannot be saved, saving is tried again for a while, as it would be lost. */
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { InputError, messageOf } from '../base/errors.js';
import type { Ending } from '../distill/train.js';
import type { TrainState } from '../distill/train-state.js';
import type { Reporter } from '../app/reporter.js';
import { FOLDER_MOVED } from '../runs/run-lock.js';
import { removeCopyFolder } from './copy-folder.js';
import type { Saver, SaveResult } from './saving.js';
import type { TrainingStop } from './stopping.js';

/** How long to wait before each further try, in seconds: an hour in all. */
const PAUSES_S: readonly number[] = [30, 30, 60, 60, 120, ...Array<number>(11).fill(300)];

/** What saving the last state needs. */
export interface LastSaveParts {
  /** Tries to save the state in the run's folder; throws an error with the code `FOLDER_MOVED` if that is gone. */
  readonly attempt: () => Promise<SaveResult>;
  readonly saveElsewhere: Saver['saveElsewhere'];
  readonly reporter: Reporter;
  readonly stop: Pick<TrainingStop, 'enter' | 'unsaved'>;
  /** What there is of the run without this state, and perhaps a copy of it, and how to resume: `resume with: …`. */
  readonly left: (copy?: string) => string;
  /** Whether the run's folder has a checkpoint of this step from before its validation. */
  readonly isValidationOnly: boolean;
}

/** What became of a run's last state. */
export type LastSaveResult = SaveResult & {
  /** The path of a copy of it outside the run's folder, if it is only there. */
  readonly copy?: string | undefined;
};

/** What became of an attempt to save; `isMoved`: the run's folder is gone, so that there is no use in trying again. */
type Attempt = SaveResult & { readonly isMoved?: boolean };

/**
 * Saves the last state of a run. If the system refuses, a copy goes to the temporary folder, and saving is tried again
 * for an hour, during which a stop request ends the process at once, or the waiting if it comes from a program. If the
 * run's folder was moved or removed, there is only the copy.
 */
export async function saveLast(
  state: TrainState,
  { error }: Ending,
  { attempt, saveElsewhere, reporter, stop, left, isValidationOnly }: LastSaveParts,
): Promise<LastSaveResult> {
  let result = await attemptIn(attempt);
  if (result.name !== undefined) return result;
  const what = isValidationOnly ? `the validation of step ${state.step}` : `step ${state.step}`;
  let copy: string | undefined;
  const describeLoss = (reason: string): AbortSignal | undefined =>
    stop.unsaved(`${what} is not saved${copy === undefined ? ', and lost' : ''}: ${reason}; ${left(copy)}`);
  const giveUp = describeLoss(result.refusal);
  if (!isValidationOnly) copy = await saveElsewhere(state);
  if (copy !== undefined) describeLoss(result.refusal);
  if (result.isMoved === true) return { refusal: result.refusal, copy };
  reporter.event({
    event: 'unsaved',
    step: state.step,
    reason: result.refusal,
    ...(copy === undefined ? {} : { copy }),
  });
  reporter.warn(
    `${error === undefined ? 'training has ended' : `training has failed (${messageOf(error)})`}, but ${what} could ` +
      `not be saved: ${result.refusal}; ${copy === undefined ? '' : `a copy is in ${copy}; `}` +
      'trying again for an hour; Ctrl-C ends that',
    'loss',
  );
  for (const seconds of PAUSES_S) {
    if (result.isMoved === true || !(await paused(seconds, giveUp))) break;
    const before: string = result.refusal;
    result = await attemptIn(attempt);
    if (result.name !== undefined) {
      if (copy !== undefined) removeCopyFolder(dirname(copy));
      stop.enter('training');
      reporter.message(`${what} is saved now`);
      return result;
    }
    if (result.refusal === before) continue;
    describeLoss(result.refusal);
    reporter.warn(`${what} still could not be saved: ${result.refusal}`, 'loss');
  }
  return { refusal: result.refusal, copy };
}

/** Tries to save; returns the error for a folder that was moved. */
async function attemptIn(attempt: LastSaveParts['attempt']): Promise<Attempt> {
  try {
    return await attempt();
  } catch (error) {
    if (!(error instanceof InputError) || error.code !== FOLDER_MOVED) throw error;
    return { refusal: error.message, isMoved: true };
  }
}

/** Waits; returns false, at once, if the signal is aborted. */
async function paused(seconds: number, signal: AbortSignal | undefined): Promise<boolean> {
  return sleep(1000 * seconds, true, { signal }).catch(() => false);
}
