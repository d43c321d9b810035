/** @file A training run on disk: its folder, logs and checkpoints around the loop. */
import { readdir } from 'node:fs/promises';
import type { Batches } from '../../data/batches.js';
import type { Engine } from '../../distill/engine.js';
import { START, type TrainState } from '../../distill/train-state.js';
import { train } from '../../distill/train.js';
import { openLossLog } from '../../runs/loss-log.js';
import type { FoundCheckpoint, Search } from '../../runs/find-checkpoint.js';
import { beginRun, checkRunIsNew, makeRunFolder, removeIfEmpty, takeBackRun } from '../../runs/run-folder.js';
import { lockRun, type RunLock } from '../../runs/run-lock.js';
import type { Output } from '../console.js';
import { EXIT } from '../failure.js';
import type { TrainContext } from './context.js';
import { endedBy, sayEnd } from './ending.js';
import { startEngine } from './engine.js';
import { distillationOf } from './engine-parts.js';
import type { PreparedRun } from './prepare.js';
import { recording, type RunProgress } from './recording.js';
import { startFrom } from './resume.js';
import type { ResumedRun } from './resumed-run.js';
import { goOn } from './rewind.js';
import { checkDiskSpace, trainedShapes } from './saving.js';
import { prepareTeacherCache } from './teacher-cache.js';
import { openTrainingView } from './view.js';

/**
 * Begins a run, trains, logs and saves. The run's folder is made when everything that the run needs is there. An error
 * before its first step is over takes it back.
 *
 * @param name the new run's
 * @returns the exit code
 */
export async function beginTraining(name: string, prepared: PreparedRun, context: TrainContext): Promise<number> {
  await checkDiskSpace(await checkRunIsNew(name), prepared, context.output);
  return withEngine(prepared, undefined, context, async (ready) => {
    const folder = await makeRunFolder(name);
    try {
      return await withLock(folder, context.output, async (lock) => {
        const before = await readdir(folder);
        const progress: RunProgress = { step: 0, last: undefined };
        try {
          await beginRun(folder, prepared.description);
          return await trainInFolder(folder, { ...ready, lock }, { state: START, progress }, context);
        } catch (error) {
          if (progress.step === 0 && isHeld(lock)) await takeBackRun(folder, before);
          throw error;
        }
      });
    } finally {
      await removeIfEmpty(folder);
    }
  });
}

/**
 * Goes on with a run. Its folder is left as it is until everything that it needs is there.
 *
 * @param chosen the checkpoint that it goes on from; none where it begins anew
 * @returns the exit code
 */
export async function resumeTraining(
  run: ResumedRun,
  chosen: Search,
  prepared: PreparedRun,
  context: TrainContext,
): Promise<number> {
  const { found } = chosen;
  await checkDiskSpace(run.folder, prepared, context.output);
  return withEngine(prepared, found, context, (ready) =>
    withLock(run.folder, context.output, async (lock) => {
      const state = found?.trainer.state ?? START;
      context.stop.enter('training');
      await goOn(run, chosen, prepared, context.output);
      return trainInFolder(
        run.folder,
        { ...ready, lock },
        { state, progress: { step: state.step, last: found?.name } },
        context,
      );
    }),
  );
}

/** What a run computes with. */
interface Ready {
  readonly prepared: PreparedRun;
  readonly engine: Engine;
  readonly data: { readonly training: Batches; readonly validation: Batches };
}

/** Does something with a run's engine and data, and frees them after it. */
async function withEngine<T>(
  prepared: PreparedRun,
  found: FoundCheckpoint | undefined,
  context: TrainContext,
  work: (ready: Ready) => Promise<T>,
): Promise<T> {
  const cache = await prepareTeacherCache(prepared, context);
  let engine: Engine | undefined;
  try {
    const start =
      found && (await startFrom(found, trainedShapes(distillationOf(prepared)), prepared.teacher.model.parameters()));
    engine = await startEngine(prepared, start, cache === undefined ? 'computed' : 'given');
    const data =
      cache === undefined
        ? prepared.data
        : { training: cache.batches('training'), validation: cache.batches('validation') };
    return await work({ prepared, engine, data });
  } finally {
    engine?.dispose();
    await cache?.close();
  }
}

/** Does something under a run's lock, which is released also where the process is made to exit. */
async function withLock<T>(folder: string, output: Output, work: (lock: RunLock) => Promise<T>): Promise<T> {
  const lock = await lockRun(folder, (text) => {
    output.message(text);
  });
  const release = (): void => {
    lock.release();
  };
  process.once('exit', release);
  if (lock.takenFrom !== undefined)
    output.message(`the lock of process ${lock.takenFrom.pid}, which is no more, is taken over`);
  try {
    return await work(lock);
  } finally {
    release();
    process.off('exit', release);
  }
}

/** Whether a lock is still this process's. */
function isHeld(lock: RunLock): boolean {
  try {
    lock.check();
    return true;
  } catch {
    return false;
  }
}

/** Trains from a state on, in a run's folder. */
async function trainInFolder(
  folder: string,
  { prepared, engine, data, lock }: Ready & { readonly lock: RunLock },
  { state, progress }: { readonly state: TrainState; readonly progress: RunProgress },
  { output, stop }: TrainContext,
): Promise<number> {
  const { settings } = prepared;
  const view = openTrainingView(output, state.step);
  stop.enter('training');
  const log = openLossLog(folder, state.step);
  try {
    const callbacks = recording({ folder, lock, prepared, engine, log, view, output }, progress);
    const result = await train(engine, data, { ...settings, signal: stop.signal }, callbacks, state);
    view.stop();
    stop.enter('saved');
    await sayEnd({ folder, settings, last: progress.last }, result, view.meter.seconds(), output);
    return stop.signal.aborted ? EXIT.stopped : EXIT.done;
  } catch (error) {
    view.stop();
    throw progress.step === 0 ? error : await endedBy(error, { folder, settings, last: progress.last }, output);
  } finally {
    log.close();
  }
}
