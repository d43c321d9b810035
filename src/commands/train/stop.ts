/** @file What Ctrl-C and a service manager's signals do to `kd train`, depending on its stage. */
import type { Reporter } from '../../app/reporter.js';
import { onStopSignals } from '../../base/stop-signals.js';
import { STOPPED_EARLY, StoppedError, trainingStop, type Stage, type TrainingStop } from '../../training/stopping.js';
import { EXIT } from '../failure.js';

const WARNINGS: Readonly<Record<Exclude<Stage, 'preparing'>, string>> = {
  abortable: 'stopping; a second Ctrl-C stops at once',
  training: 'stopping after this step; a second Ctrl-C stops at once, unsaved',
  saved: 'the run is saved; stopping after its report',
};

/** Reports that training was stopped before its run began. */
export function reportStopped({ code, message }: StoppedError, reporter: Pick<Reporter, 'warn' | 'event'>): void {
  reporter.warn(message);
  reporter.event({ event: 'error', code, message });
}

/**
 * Starts listening for signals.
 *
 * @param leave tells the other processes of the run, if there are any, that this one is stopped before its run began
 */
export function openTrainingStop(
  reporter: Pick<Reporter, 'warn' | 'event'>,
  leave: (message: string) => Promise<void> | undefined,
): TrainingStop {
  const stop = trainingStop(
    onStopSignals(() => {
      const stage = stop.stage();
      if (stage !== 'preparing') {
        reporter.warn(WARNINGS[stage]);
        return;
      }
      reportStopped(new StoppedError(STOPPED_EARLY), reporter);
      const left = leave(STOPPED_EARLY);
      if (left === undefined) process.exit(EXIT.stopped);
      void left.finally(() => process.exit(EXIT.stopped));
    }),
  );
  return stop;
}
