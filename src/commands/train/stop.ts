/** @file What Ctrl-C and a service manager's signals do to `kd train`, depending on its stage. */
import { reportEnd, reportError } from '../../app/reported-error.js';
import type { Reporter } from '../../app/reporter.js';
import { onStopSignals } from '../../base/stop-signals.js';
import { STOPPED_EARLY, StoppedError, trainingStop, type Stage, type TrainingStop } from '../../training/stopping.js';
import { EXIT } from '../failure.js';

const WARNINGS: Readonly<Record<Exclude<Stage, 'preparing' | 'unsaved'>, string>> = {
  abortable: 'stopping; a second Ctrl-C stops at once',
  training: 'stopping after this step; a second Ctrl-C stops at once, unsaved',
  saved: 'the run is saved; stopping after its report',
};

/**
 * Starts listening for signals.
 *
 * @param leave tells the other processes of the run, if there are any, that this one is stopped before its run began
 */
export function openTrainingStop(
  reporter: Pick<Reporter, 'warn' | 'event'>,
  leave: (message: string) => Promise<void> | undefined,
): TrainingStop {
  const sayWhatIsLost = (): void => {
    reportError(stop.lost(), reporter);
  };
  const stop = trainingStop(
    onStopSignals((exitCode) => {
      const stage = stop.stage();
      sayWhatIsLost();
      if (stage === 'unsaved') process.exit(exitCode);
      if (stage !== 'preparing') {
        reporter.warn(WARNINGS[stage]);
        return;
      }
      reportEnd(new StoppedError(STOPPED_EARLY), reporter);
      const left = leave(STOPPED_EARLY);
      if (left === undefined) process.exit(EXIT.stopped);
      void left.finally(() => process.exit(EXIT.stopped));
    }, sayWhatIsLost),
  );
  return stop;
}
