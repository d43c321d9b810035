/** @file Requests to stop training; what a request does depends on the stage of the run. */
import type { StopSignals } from '../base/stop-signals.js';

/** A training was stopped before its run began. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
  readonly code = 'STOPPED';
}

/**
 * How far a training is: nothing is lost by ending at once; something has to be tidied up; a run is on; it is saved.
 */
export type Stage = 'preparing' | 'tidying' | 'training' | 'saved';

/** A request to stop training. */
export interface TrainingStop extends StopSignals {
  /** Sets the current stage of the training. */
  enter(stage: Stage): void;
  /**
   * Does work that tidies up after itself when the signal is aborted.
   *
   * @throws Stopped when it was
   */
  tidying<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T>;
}

export const STOPPED_EARLY = 'stopped before the run began; nothing is lost';

/**
 * A wish to stop that comes from signals.
 *
 * @param signals what asks for it; how far the training is, is told by `stage`
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
    async tidying(work) {
      if (signal.aborted) throw new Stopped(STOPPED_EARLY);
      stage = 'tidying';
      try {
        const result = await work(signal);
        if (!signal.aborted) return result;
      } catch (error) {
        if (!signal.aborted) throw error;
      } finally {
        stage = 'preparing';
      }
      throw new Stopped(STOPPED_EARLY);
    },
  };
}

/** A stop request that comes from a program. */
export function stopOf(signal: AbortSignal = new AbortController().signal): TrainingStop {
  return trainingStop({ signal, dispose: () => undefined });
}
