/** @file Training from options to the end of a run, new or resumed. */
import { checkRunFiles } from '../runs/run-files.js';
import { checkIsWritable } from '../base/folders.js';
import { checkRunIsNew, defaultRunName } from '../runs/run-folder.js';
import { checkLockable } from '../runs/run-lock.js';
import type { Search } from '../runs/find-checkpoint.js';
import type { Reporter } from '../app/reporter.js';
import type { TrainContext } from './context.js';
import { checkBegunHere } from './begun-elsewhere.js';
import { announce } from './part.js';
import { prepareRun } from './prepared-run.js';
import { checkPreviewsFolder } from './previews/plan.js';
import { mendPointers } from './pointers.js';
import { chooseCheckpoint, extensionFlags } from './resume.js';
import { checkSame } from './sameness.js';
import { openResumedRun, type ResumedRun } from './resumed-run.js';
import { beginTraining, resumeTraining, type TrainedRun } from './run.js';
import type { AskedSettings, SettingName } from './settings.js';

/** A run that has already finished; nothing about it changes. */
export interface FinishedRun {
  /** Absolute path of its folder. */
  readonly folder: string;
  /** The step at which it ended. */
  readonly finishedAt: number;
  /** The flags that would extend it. */
  readonly flagsToExtend: string;
  /** Settings that were given but have no effect. */
  readonly notApplied: readonly SettingName[];
}

/** A run to resume, examined but unchanged. */
export interface RunToResume {
  readonly run: ResumedRun;
  /** The checkpoint to resume from. */
  readonly chosen: Search;
  /** Where it is at its end: what there is to say of that. */
  readonly finished: FinishedRun | undefined;
}

/**
 * Trains a new run.
 *
 * @returns how it ended
 * @throws InputError for what is not available or cannot be done, before anything of the run is written; Stopped
 *   where it was stopped before it took a step; NotFiniteStep and others as they end a run, with what is left of it
 */
export async function startRun(settings: AskedSettings, context: TrainContext): Promise<TrainedRun> {
  const { ranks } = context;
  const name = settings.run ?? defaultRunName(new Date());
  const folder = await checkRunIsNew(name); // now, and not when all data is read
  await checkIsWritable(folder);
  await checkPreviewsFolder(folder, settings);
  await announce(ranks, { run: 'new' });
  const prepared = await prepareRun(settings, context);
  return beginTraining(name, prepared, context).finally(prepared.data.close);
}

/**
 * Resumes a run exactly where it stopped.
 *
 * @param target a run or a checkpoint of one, by any of their names; `true`: the last run
 * @param given settings that may change, with their new values
 * @throws InputError for a run or checkpoint that is not there or not whole, settings that may not change, and other
 *   data or models than the run began with: nothing of the run is touched then
 */
export async function resumeRun(
  target: string | true,
  given: Partial<AskedSettings>,
  context: TrainContext,
): Promise<TrainedRun | FinishedRun> {
  const { ranks } = context;
  const looking = lookAtRun(target, given, context.output, checkLockable);
  const { run, chosen, finished } = await (ranks === undefined ? looking : ranks.unlessLost(looking));
  if (finished !== undefined) {
    await mendPointers(run, chosen, context.output);
    await announce(ranks, { run: 'finished', step: finished.finishedAt });
    await ranks?.end();
    return finished;
  }
  checkBegunHere(run);
  await announce(ranks, { run: 'resumed', settings: run.settings, trainer: chosen.found?.trainer });
  const prepared = await prepareRun(run.settings, context, { began: run.config.engine });
  try {
    const same = await checkSame(run, prepared, context.output);
    return await resumeTraining(run, chosen, same, context);
  } finally {
    await prepared.data.close();
  }
}

/**
 * Checks a run to resume and all its files, before any data is read.
 *
 * @param check looks at its folder first
 * @throws InputError as `resumeRun`
 */
export async function lookAtRun(
  target: string | true,
  given: Partial<AskedSettings>,
  output: Reporter,
  check: (folder: string) => Promise<void> = () => Promise.resolve(),
): Promise<RunToResume> {
  const run = await openResumedRun(target, given, output);
  await check(run.folder);
  const chosen = await chooseCheckpoint(run, output);
  const state = chosen.found?.trainer.state;
  const flagsToExtend = state && extensionFlags(run, state);
  if (state === undefined || flagsToExtend === undefined) {
    await checkRunFiles(run.folder);
    await checkPreviewsFolder(run.folder, run.settings);
    return { run, chosen, finished: undefined };
  }
  const finished = { folder: run.folder, finishedAt: state.step, flagsToExtend, notApplied: run.changed };
  return { run, chosen, finished };
}
