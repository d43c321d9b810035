/** @file A training run on disk: its folder, logs and checkpoints around the loop. */
import { readdir } from 'node:fs/promises';
import { messageOf } from '../base/errors.js';
import { INITIAL_STATE, type TrainState } from '../distill/train-state.js';
import { train, type TrainResult } from '../distill/train.js';
import { openLossLog } from '../runs/loss-log.js';
import type { Search } from '../runs/find-checkpoint.js';
import { recordEnding } from '../runs/run-ending.js';
import { beginRun, checkRunIsNew, makeRunFolder, removeIfEmpty, discardRun } from '../runs/run-folder.js';
import type { RunLock } from '../runs/run-lock.js';
import type { EndedRun, TrainContext } from './context.js';
import { checkSaved, explainFailure, explainFirstStep } from './ending.js';
import { isHeld, withCleanup, withLock } from './held-lock.js';
import { warnOfMemory } from './memory-guard.js';
import type { PreparedRun } from './prepared-run.js';
import { recording } from './recording.js';
import type { RunProgress } from './run-in-progress.js';
import { withEngine, type ReadyRun } from './ready-run.js';
import { resumeCommand } from './resume-command.js';
import type { ResumedRun } from './resumed-run.js';
import { rewindRun } from './rewind.js';
import { startPreviews, type Previews } from './previews/previews.js';
import { checkDiskSpace, removeOlder } from './saving.js';
import { StoppedError, STOPPED_EARLY } from './stopping.js';
import { trainOptions } from './train-options.js';
import { openTrainingView } from './view.js';

/** A run that was trained to its end, or stopped and saved. */
export interface TrainedRun extends EndedRun {
  readonly result: TrainResult;
  /** Seconds of training. */
  readonly seconds: number;
  /** The path of its report, if one was written. */
  readonly report?: string;
  /** The command that resumes it, if it was stopped. */
  readonly resume?: string;
}

/**
 * Starts a run, trains, logs and saves. The run's folder is created once everything the run needs is available, and
 * removed again by an error before the first step is complete.
 *
 * @param name the new run's name
 * @returns how it ended
 */
export async function beginTraining(name: string, prepared: PreparedRun, context: TrainContext): Promise<TrainedRun> {
  const place = await checkRunIsNew(name);
  await checkDiskSpace(place, prepared, context.reporter);
  warnOfMemory(prepared, context.reporter, true);
  return withEngine(prepared, { folder: place }, context, async (ready) => {
    context.stop.enter('abortable');
    const folder = await makeRunFolder(name);
    return withCleanup(
      () => {
        removeIfEmpty(folder);
      },
      () => withLock(folder, context.reporter, (lock) => trainNewRun(folder, { ...ready, lock }, context)),
    );
  });
}

/**
 * Trains a new run in its folder, which is removed unless the run takes a step.
 *
 * @throws StoppedError if stopped before the first step
 */
async function trainNewRun(folder: string, ready: LockedRun, context: TrainContext): Promise<TrainedRun> {
  const before = await readdir(folder);
  const progress: RunProgress = { step: 0, last: undefined };
  return withCleanup(
    () => {
      if (progress.step === 0 && isHeld(ready.lock)) discardRun(folder, before);
    },
    async () => {
      await beginRun(folder, ready.prepared.description);
      if (context.stop.signal.aborted) throw new StoppedError(STOPPED_EARLY);
      return trainInFolder(folder, ready, { state: INITIAL_STATE, progress, isNew: true }, context);
    },
  );
}

/**
 * Resumes a run. Its folder is unchanged until everything the run needs is available.
 *
 * @param chosen the checkpoint to resume from; none to start over
 * @returns how it ended
 * @throws StoppedError if stopped before anything in the folder is changed
 */
export async function resumeTraining(
  run: ResumedRun,
  chosen: Search,
  prepared: PreparedRun,
  context: TrainContext,
): Promise<TrainedRun> {
  const { found } = chosen;
  await checkDiskSpace(run.folder, prepared, context.reporter);
  warnOfMemory(prepared, context.reporter, false);
  return withEngine(prepared, { folder: run.folder, found }, context, (ready) =>
    withLock(run.folder, context.reporter, async (lock) => {
      if (context.stop.signal.aborted) throw new StoppedError(STOPPED_EARLY);
      context.stop.enter('training');
      const state = await rewindRun(run, chosen, prepared, context.reporter);
      return trainInFolder(
        run.folder,
        { ...ready, lock },
        { state, progress: { step: state.step, last: found?.name } },
        context,
      );
    }),
  );
}

/** A run that is ready to train, with its lock held. */
interface LockedRun extends ReadyRun {
  readonly lock: RunLock;
}

/** The state in which a run starts or resumes. */
interface RunStart {
  readonly state: TrainState;
  readonly progress: RunProgress;
  /** Whether the run is new. */
  readonly isNew?: boolean;
}

/** Trains in a run's folder from a given state. */
async function trainInFolder(
  folder: string,
  { prepared, engine, data, lock }: LockedRun,
  { state, progress, isNew = false }: RunStart,
  context: TrainContext,
): Promise<TrainedRun> {
  const { reporter, stop, ranks } = context;
  const { settings } = prepared;
  const view = openTrainingView(reporter, state.step);
  stop.enter('training');
  const log = openLossLog(folder, state.step);
  let previews: Previews | undefined;
  try {
    previews = prepared.previews && (await startPreviews(prepared.previews, folder, state.step, prepared, reporter));
    const callbacks = recording({ folder, lock, prepared, engine, log, view, reporter, stop, previews }, progress);
    const options = trainOptions(settings, ranks?.signal ?? stop.signal);
    const result = await train(engine, data, options, callbacks, state);
    view.stop();
    const isEmpty = isNew && result.state.step === 0; // stopped in the baselines
    const ended = { folder, settings, last: progress.last, copy: progress.copy };
    if (!isEmpty) await checkSaved(ended, result.state.step, progress.refusal); // before the other ranks are done
    if (!isEmpty) stop.enter('saved');
    await ranks?.end().catch((error: unknown) => {
      reporter.warn(messageOf(error)); // everything is saved
    });
    if (isEmpty) throw new StoppedError(STOPPED_EARLY);
    return await finishRun(ended, result, view.meter.seconds(), previews, context);
  } catch (error) {
    view.stop();
    previews?.stop();
    if (progress.step === 0) throw explainFirstStep(error);
    if (isHeld(lock)) await recordEnding(folder, { state: 'failed', step: progress.step, error: messageOf(error) });
    throw await explainFailure(error, { folder, settings, last: progress.last, copy: progress.copy }, context);
  } finally {
    previews?.stop();
    const lost = log.close();
    if (lost !== undefined) reporter.warn(lost, 'loss');
  }
}

/**
 * Records how a saved run ended, waits for the last previews, then writes the report of a run that was trained to its
 * end or stopped.
 */
async function finishRun(
  run: EndedRun,
  result: TrainResult,
  seconds: number,
  previews: Previews | undefined,
  { writeReport, reporter, stop }: TrainContext,
): Promise<TrainedRun> {
  const { state, stopped } = result;
  await recordEnding(run.folder, { state: stopped ? 'stopped' : 'finished', step: state.step });
  if (previews !== undefined) {
    if (stopped) previews.stop();
    else await previews.finish(stop.signal);
    await removeOlder(run.folder, run.settings.keep, state, undefined, reporter);
  }
  const report = await writeReport?.(run, { encodes: !stopped });
  return {
    ...run,
    result,
    seconds,
    ...(report === undefined ? {} : { report }),
    ...(stopped ? { resume: resumeCommand(run.folder) } : {}),
  };
}
