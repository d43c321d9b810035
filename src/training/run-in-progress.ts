import type { Engine } from '../distill/engine.js';
import type { LossLog } from '../runs/loss-log.js';
import type { RunLock } from '../runs/run-lock.js';
import type { Reporter } from '../app/reporter.js';
import type { PreparedRun } from './prepared-run.js';
import type { Previews } from './previews/previews.js';
import type { TrainingStop } from './stopping.js';
import type { TrainingView } from './view.js';

/** A run in progress. */
export interface Run {
  /** Absolute path of its folder. */
  readonly folder: string;
  readonly lock: RunLock;
  readonly prepared: PreparedRun;
  readonly engine: Engine;
  readonly log: LossLog;
  readonly view: TrainingView;
  readonly reporter: Reporter;
  readonly stop: TrainingStop;
  /** Absent if no previews are drawn. */
  readonly previews: Previews | undefined;
}

/** The progress of a run. */
export interface RunProgress {
  /** Steps taken. */
  step: number;
  /** The name of the newest checkpoint; undefined if there is none. */
  last: string | undefined;
  /** Why the last state that was to be saved could not be; undefined if it was. */
  refusal?: string | undefined;
  /** The path of a copy of that state outside the run's folder, if there is one. */
  copy?: string | undefined;
}
