/** @file Trains a run, new or resumed, from its settings to its end. */
import { checkRunFiles } from '../runs/run-files.js';
import { checkIsWritable } from '../base/folders.js';
import { checkRunIsNew, defaultRunName } from '../runs/run-folder.js';
import { checkLockable } from '../runs/run-lock.js';
import type { Search } from '../runs/find-checkpoint.js';
import type { Reporter } from '../app/reporter.js';
import type { TrainContext } from './context.js';
import { checkWorkingFolder } from './working-folder.js';
import { announceRun } from './joined-run.js';
import { prepareRun } from './prepared-run.js';
import { checkPreviewsFolder } from './previews/plan.js';
import { repairFinished } from './repair.js';
import { resumeCommand } from './resume-command.js';
import { chooseCheckpoint, extensionFlags } from './resume.js';
import { checkUnchanged } from './resume-check.js';
import { openResumedRun, type ResumedRun } from './resumed-run.js';
import { beginTraining, resumeTraining, type TrainedRun } from './run.js';
import { flagOf, type RequestedSettings } from './settings.js';

/** A run that has already finished and stays unchanged. */
export interface FinishedRun {
  /** Absolute path of its folder. */
  readonly folder: string;
  /** The step at which it ended. */
  readonly finishedAt: number;
  /** The flags that would extend it. */
  readonly flagsToExtend: string;
  /** The shell command that extends it with them. */
  readonly extend: string;
  /** The flags of settings that were given but have no effect. */
  readonly notApplied: readonly string[];
}

/** A run to resume, checked but unchanged. */
export interface RunToResume {
  readonly run: ResumedRun;
  /** The checkpoint to resume from. */
  readonly chosen: Search;
  /** Set if the run is already finished. */
  readonly finished: FinishedRun | undefined;
}

/**
 * Trains a new run.
 *
 * @returns how it ended
 * @throws InputError for anything unavailable or impossible, before any file of the run is written; StoppedError if
 *   stopped before the first step; NotFiniteStepError and other errors that end a run, extended by what is left of it
 */
export async function startRun(settings: RequestedSettings, context: TrainContext): Promise<TrainedRun> {
  const { ranks } = context;
  const name = settings.run ?? defaultRunName(new Date());
  const folder = await checkRunIsNew(name); // checked now, not after reading all data
  await checkIsWritable(folder);
  await checkPreviewsFolder(folder, settings);
  await announceRun(ranks, { run: 'new' });
  const prepared = await prepareRun(settings, context);
  try {
    return await beginTraining(name, prepared, context);
  } finally {
    await prepared.data.close();
  }
}

/**
 * Resumes a run exactly where it stopped.
 *
 * @param target a run or one of its checkpoints, by any of their names; `true`: the last run
 * @param given settings that may change, with their new values
 * @throws InputError for a missing or damaged run or checkpoint, settings that may not change, and data or models other
 *   than the run started with; the run is not touched then
 */
export async function resumeRun(
  target: string | true,
  given: Partial<RequestedSettings>,
  context: TrainContext,
): Promise<TrainedRun | FinishedRun> {
  const { ranks } = context;
  const looking = inspectRun(target, given, context.reporter, checkLockable);
  const { run, chosen, finished } = await (ranks === undefined ? looking : ranks.unlessLost(looking));
  if (finished !== undefined) {
    await repairFinished(run, chosen, context.reporter);
    await announceRun(ranks, { run: 'finished', step: finished.finishedAt });
    await ranks?.end();
    return finished;
  }
  checkWorkingFolder(run);
  await announceRun(ranks, { run: 'resumed', settings: run.settings, trainer: chosen.found?.trainer });
  const prepared = await prepareRun(run.settings, context, { startedWith: run.config.engine });
  try {
    const same = await checkUnchanged(run, prepared, context.reporter);
    return await resumeTraining(run, chosen, same, context);
  } finally {
    await prepared.data.close();
  }
}

/**
 * Checks a run to resume and all its files, before any data is read.
 *
 * @param check checks its folder first
 * @throws InputError as `resumeRun`
 */
export async function inspectRun(
  target: string | true,
  given: Partial<RequestedSettings>,
  reporter: Reporter,
  check: (folder: string) => Promise<void> = () => Promise.resolve(),
): Promise<RunToResume> {
  const run = await openResumedRun(target, given, reporter);
  await check(run.folder);
  const chosen = await chooseCheckpoint(run, reporter);
  const state = chosen.found?.trainer.state;
  const flagsToExtend = state && extensionFlags(run, state);
  if (state === undefined || flagsToExtend === undefined) {
    await checkRunFiles(run.folder);
    await checkPreviewsFolder(run.folder, run.settings);
    return { run, chosen, finished: undefined };
  }
  const { folder, changed } = run;
  const notApplied = changed.map((name) => flagOf(name));
  const extend = `${resumeCommand(folder)} ${flagsToExtend}`;
  return { run, chosen, finished: { folder, finishedAt: state.step, flagsToExtend, extend, notApplied } };
}
