/** @file Requests to stop training; what one does depends on the stage of the run. */
import type { StopSignals } from '../base/stop-signals.js';

/** Training was stopped before its run began. */
export class StoppedError extends Error {
  override readonly name = 'StoppedError';
  readonly code = 'STOPPED';
}

/**
 * The stages of a training: nothing would be lost by ending at once; something needs cleaning up; the run is training;
 * the run is saved.
 */
export type Stage = 'preparing' | 'abortable' | 'training' | 'saved';

/** A request to stop training. */
export interface TrainingStop extends StopSignals {
  /** Sets the current stage. */
  enter(stage: Stage): void;
  /**
   * Does work that cleans up after itself when the signal is aborted.
   *
   * @throws StoppedError if it was aborted
   */
  abortable<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T>;
}

export const STOPPED_EARLY = 'stopped before the run began; nothing is lost';

/**
 * A stop request that comes from signals.
 *
 * @param signals the source of requests
 * @returns the request, with `stage` to read the current stage
 */
export function trainingStop(signals: StopSignals): TrainingStop & { readonly stage: () => Stage } {
  let stage: Stage = 'preparing';
  const { signal } = signals;
  return {
    ...signals,
    stage: () => stage,
    enter: (next) => {
      stage = next;
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
export function stopOf(signal: AbortSignal): TrainingStop & { readonly stage: () => Stage } {
  return trainingStop({ signal, dispose: () => undefined });
}
