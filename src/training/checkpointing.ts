/** @file Saves the states of a run in progress, and reports what became of each. */
import { join } from 'node:path';
import type { Ending, TrainCallbacks } from '../distill/train.js';
import type { TrainState } from '../distill/train-state.js';
import { checkpointName, checkpointNames } from '../runs/checkpoint-names.js';
import { ONCE_WRITABLE, recoveryAdvice } from './ending.js';
import { saveLast, type LastSaveResult } from './last-save.js';
import type { Run, RunProgress } from './run-in-progress.js';
import { checkpointSaver, type SaveResult } from './saving.js';

/** The callback that saves a run's states; it keeps `progress` up to date. */
export function checkpointing(run: Run, progress: RunProgress): NonNullable<TrainCallbacks['onCheckpoint']> {
  const { folder, lock, prepared, engine, log, view, reporter, stop, previews } = run;
  const { save, saveElsewhere } = checkpointSaver({
    folder,
    prepared,
    engine,
    reporter,
    loggedRows: () => log.rows(),
    heldCheckpoint: () => previews?.held(),
  });

  return async (state, isBest, ending) => {
    const { step } = state;
    const attempt = (): Promise<SaveResult> => saveWithLogs(state, isBest, ending !== undefined);
    const saved = await (ending === undefined ? attempt() : saveAtEnd(state, ending, attempt));
    const { name, refusal, copy }: LastSaveResult = saved;
    if (refusal !== undefined && ending === undefined)
      reporter.warn(`step ${step} not saved: ${refusal}; earlier checkpoints are unchanged`, 'loss');
    progress.refusal = refusal;
    progress.copy = copy;
    if (name !== undefined) {
      progress.last = name;
      reporter.event({ event: 'checkpoint', step, path: join(folder, name), best: isBest });
      previews?.saved(step);
    }
    view.meter.resume();
    return name !== undefined;
  };

  /** Saves a state once the logs are flushed, so that no log ends before a checkpoint. */
  async function saveWithLogs(state: TrainState, isBest: boolean, isLast: boolean): Promise<SaveResult> {
    lock.check();
    const unflushed = log.sync();
    const result = await save(state, isBest, isLast);
    if (unflushed !== undefined && result.name !== undefined)
      reporter.warn(
        `step ${state.step} is saved, but its logs are not all on disk: ${unflushed}; they will be written later`,
      );
    return result;
  }

  async function saveAtEnd(
    state: TrainState,
    ending: Ending,
    attempt: () => Promise<SaveResult>,
  ): Promise<LastSaveResult> {
    const { last } = progress;
    const names = await checkpointNames(folder).catch(() => undefined);
    return saveLast(state, ending, {
      attempt,
      saveElsewhere,
      reporter,
      stop,
      left: (copy) => recoveryAdvice({ folder, last, copy }, names, { first: ONCE_WRITABLE }),
      isValidationOnly: last === checkpointName(state.step),
    });
  }
}
