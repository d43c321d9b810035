/** @file What a wish to stop does to `kd train`, which depends on how far it is. */
import type { Reporter } from '../app/reporter.js';
import { EXIT } from '../commands/failure.js';
import { onStopSignals, type StopSignals } from '../base/stop-signals.js';

/** The command was stopped before its run began. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
}

/**
 * How far `kd train` is: nothing is lost by ending at once; something has to be tidied up; a run is on; it is saved.
 */
export type Stage = 'preparing' | 'tidying' | 'training' | 'saved';

/** The wish to stop a training. */
export interface TrainingStop extends StopSignals {
  /** Says how far the command is now. */
  enter(stage: Stage): void;
  /**
   * Does work that tidies up after itself when the signal is aborted.
   *
   * @throws Stopped when it was
   */
  tidying<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T>;
}

export const STOPPED_EARLY = 'stopped before the run began; nothing is lost';

const WARNINGS: Readonly<Record<Exclude<Stage, 'preparing'>, string>> = {
  tidying: 'stopping; a second Ctrl-C stops at once',
  training: 'stopping after this step; a second Ctrl-C stops at once, unsaved',
  saved: 'the run is saved; stopping after its report',
};

/** Listens for signals from now on. */
export function openTrainingStop(output: Pick<Reporter, 'warn'>): TrainingStop {
  let stage: Stage = 'preparing';
  const signals = onStopSignals(() => {
    if (stage === 'preparing') {
      output.warn(STOPPED_EARLY);
      process.exit(EXIT.stopped);
    }
    output.warn(WARNINGS[stage]);
  });
  const { signal } = signals;
  return {
    ...signals,
    enter: (next) => {
      stage = next;
    },
    async tidying(work) {
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
