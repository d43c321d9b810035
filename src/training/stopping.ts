/** @file Requests to stop training; what one does depends on the stage of the run. */
import type { StopSignals } from '../base/stop-signals.js';
import { NotSavedError } from './not-saved-error.js';

/** Training was stopped before its run began. */
export class StoppedError extends Error {
  override readonly name = 'StoppedError';
  readonly code = 'STOPPED';
}

/**
 * The stages of a training: nothing would be lost by ending at once; something needs cleaning up; the run is training;
 * it has ended, and its last state cannot be saved yet; the run is saved.
 */
export type Stage = 'preparing' | 'abortable' | 'training' | 'unsaved' | 'saved';

/** A request to stop training. */
export interface TrainingStop extends StopSignals {
  /** Sets the current stage. */
  enter(stage: Exclude<Stage, 'unsaved'>): void;
  /**
   * Sets the stage `unsaved`, in which a signal ends the process at once.
   *
   * @param lost what is lost then, as a message
   * @returns aborted, now or later, if a program wants no further tries; undefined for signals
   */
  unsaved(lost: string): AbortSignal | undefined;
  /**
   * Does work that cleans up after itself when the signal is aborted.
   *
   * @throws StoppedError if it was aborted
   */
  abortable<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T>;
}

/**
 * What follows a request to stop by a signal.
 *
 * @param isCtrlC whether it was Ctrl-C, so that one more ends the process; after another signal it takes two
 */
export function whatFollows(stage: Exclude<Stage, 'preparing' | 'unsaved'>, isCtrlC: boolean): string {
  const way = isCtrlC ? 'a second Ctrl-C stops at once' : 'pressing Ctrl-C twice stops at once';
  if (stage === 'saved') return 'the run is saved; stopping after its report';
  return stage === 'training' ? `stopping after this step; ${way}, unsaved` : `stopping; ${way}`;
}

export const STOPPED_EARLY = 'stopped before the run began; nothing is lost';

/** A stop request, with the current stage, and the error if it ends the process in the stage `unsaved`. */
export interface StagedStop extends TrainingStop {
  readonly stage: () => Stage;
  readonly lost: () => NotSavedError | undefined;
}

/**
 * A stop request that comes from signals.
 *
 * @param signals the source of requests
 * @param giveUp what `unsaved` returns
 */
export function trainingStop(signals: StopSignals, giveUp?: AbortSignal): StagedStop {
  let stage: Stage = 'preparing';
  let lost = '';
  const { signal } = signals;
  return {
    ...signals,
    stage: () => stage,
    lost: () => (stage === 'unsaved' ? new NotSavedError(lost) : undefined),
    enter: (next) => {
      stage = next;
    },
    unsaved: (what) => {
      [stage, lost] = ['unsaved', what];
      return giveUp;
    },
    async abortable(work) {
      if (signal.aborted) throw new StoppedError(STOPPED_EARLY);
      stage = 'abortable';
      try {
        const result = await work(signal);
        if (!signal.aborted) return result;
      } catch (error) {
        if (!signal.aborted) throw error;
      } finally {
        stage = 'preparing';
      }
      throw new StoppedError(STOPPED_EARLY);
    },
  };
}

/** A stop request that comes from a program. */
export function stopOf(signal: AbortSignal): StagedStop {
  return trainingStop({ signal, dispose: () => undefined }, signal);
}
