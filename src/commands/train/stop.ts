/** @file What Ctrl-C and the signals of service managers and schedulers do to `kd train`, depending on its stage. */
import { reportEnd, reportError } from '../../app/reported-error.js';
import type { Reporter } from '../../app/reporter.js';
import { onStopSignals } from '../../base/stop-signals.js';
import { STOPPED_EARLY, StoppedError, trainingStop, whatFollows, type TrainingStop } from '../../training/stopping.js';
import { EXIT } from '../failure.js';

/**
 * Starts listening for signals.
 *
 * @param leave tells the other processes of the run, if there are any, that this one is stopped before its run began
 */
export function openTrainingStop(
  reporter: Pick<Reporter, 'warn' | 'event'>,
  leave: (message: string) => Promise<void> | undefined,
): TrainingStop {
  const endIfUnsaved = (exitCode: number): void => {
    reportError(stop.lost(), reporter);
    if (stop.stage() === 'unsaved') process.exit(exitCode);
  };
  let isLeaving = false;
  const stop = trainingStop(
    onStopSignals({
      onRequest(exitCode) {
        endIfUnsaved(exitCode);
        const stage = stop.stage();
        if (stage === 'preparing') end();
        else if (stage !== 'unsaved') reporter.warn(whatFollows(stage, exitCode === EXIT.stopped));
      },
      onFurther: endIfUnsaved,
    }),
  );
  return stop;

  function end(): void {
    if (isLeaving) process.exit(EXIT.stopped);
    isLeaving = true;
    reportEnd(new StoppedError(STOPPED_EARLY), reporter);
    const left = leave(STOPPED_EARLY);
    if (left === undefined) process.exit(EXIT.stopped);
    void left.finally(() => process.exit(EXIT.stopped));
  }
}
