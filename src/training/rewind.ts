/** @file Restores a run's folder to its state at the checkpoint from which the run resumes. */
import { relative } from 'node:path';
import { bestOf, INITIAL_STATE, type TrainState } from '../distill/train-state.js';
import { InputError } from '../base/errors.js';
import { checkpointName } from '../runs/checkpoint-names.js';
import { setAside, tidyRun, type Search } from '../runs/find-checkpoint.js';
import { rowDifferences, countRows } from '../runs/logged-rows.js';
import { cutLogs, LOG_FILES } from '../runs/loss-log.js';
import { recordResumption, readRunConfig } from '../runs/run-config.js';
import { removeEnding } from '../runs/run-ending.js';
import { checkRunFiles } from '../runs/run-files.js';
import type { TrainerFile } from '../runs/trainer-state.js';
import type { Reporter } from '../app/reporter.js';
import { bestKept, resetPointers } from './pointers.js';
import type { PreparedRun } from './prepared-run.js';
import type { ResumedRun } from './resumed-run.js';

/**
 * Restores a run's folder to its state at the checkpoint it resumes from, and records the resumption: settings, newer
 * checkpoints, logs and pointers. Call it under the run's lock, after everything that could fail has been checked.
 *
 * @returns the state to resume from
 * @throws InputError if another process has continued the run meanwhile, or a file cannot be written; nothing is
 *   changed then
 */
export async function rewindRun(
  { folder, config, settings }: ResumedRun,
  { found, skipped }: Search,
  prepared: PreparedRun,
  reporter: Reporter,
): Promise<TrainState> {
  const run = relative(process.cwd(), folder) || '.';
  const state = found?.trainer.state ?? INITIAL_STATE;
  if (JSON.stringify(await readRunConfig(folder)) !== JSON.stringify(config))
    throw new InputError(
      `${run}: expected the run as it was a moment ago, but another process has continued it; try again`,
    );
  await checkRunFiles(folder);
  const { teacher, student, data } = prepared;
  const sources = { teacher: teacher.source, student: student.source, store: data.store };
  await recordResumption(folder, config, settings, state.step, sources, prepared.changes);
  await removeEnding(folder);
  await tidyRun(folder);
  const aside = await setAside(folder, found?.name);
  if (aside.length > 0) reporter.message(`set aside newer checkpoints: ${aside.join(', ')}`);
  await cutLogs(folder, state);
  warnOfMissingRows(folder, found?.trainer, reporter);
  await resetPointers(folder, found, data.validation.pairs > 0);
  const best = found && (await bestKept(folder, found));
  warnOfLostBest(run, bestOf(state)?.step, best?.step, reporter);
  reporter.event({ event: 'resumed', run: folder, checkpoint: found?.name ?? null, skipped });
  reporter.message(
    found === undefined ? `${run}: no checkpoint yet; starting over` : `${run}: resuming from ${found.name}`,
  );
  return { ...state, best };
}

/** Warns if the best checkpoint is not there any more, as one that is worse is called the best from here on. */
function warnOfLostBest(run: string, step: number | undefined, kept: number | undefined, reporter: Reporter): void {
  if (step === undefined || step === kept) return;
  const now =
    kept === undefined ? 'the next validation finds another' : `${checkpointName(kept)} is the best of those left`;
  reporter.warn(`${run}: expected ${checkpointName(step)}, the best so far, but it is not there; ${now}`);
}

/** Warns if the logs, cut back to a checkpoint, do not have the rows that they had when it was saved. */
function warnOfMissingRows(folder: string, trainer: TrainerFile | undefined, reporter: Reporter): void {
  if (trainer?.logged === undefined) return;
  const differences = rowDifferences(trainer.logged, countRows(folder, LOG_FILES));
  if (differences.length > 0)
    reporter.warn(
      `${relative(process.cwd(), folder) || '.'}: the logs up to step ${trainer.state.step} are not what was logged: ` +
        `${differences.join(', ')}; training is not affected, but reports show what is there`,
    );
}
