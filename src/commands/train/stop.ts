/** @file What Ctrl-C and a service manager's signals do to `kd train`, depending on its stage. */
import type { Reporter } from '../../app/reporter.js';
import { onStopSignals } from '../../base/stop-signals.js';
import { STOPPED_EARLY, trainingStop, type Stage, type TrainingStop } from '../../training/stopping.js';
import { EXIT } from '../failure.js';

const WARNINGS: Readonly<Record<Exclude<Stage, 'preparing'>, string>> = {
  abortable: 'stopping; a second Ctrl-C stops at once',
  training: 'stopping after this step; a second Ctrl-C stops at once, unsaved',
  saved: 'the run is saved; stopping after its report',
};

/** Starts listening for signals. */
export function openTrainingStop(reporter: Pick<Reporter, 'warn'>): TrainingStop {
  const stop = trainingStop(
    onStopSignals(() => {
      const stage = stop.stage();
      if (stage !== 'preparing') {
        reporter.warn(WARNINGS[stage]);
        return;
      }
      reporter.warn(STOPPED_EARLY);
      process.exit(EXIT.stopped);
    }),
  );
  return stop;
}
