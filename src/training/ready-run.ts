/** @file A run that is ready to train: its engine, and the teacher's cached outputs if asked for. */
import type { RunBatches } from '../distill/baselines.js';
import type { Engine } from '../distill/engine.js';
import type { FoundCheckpoint } from '../runs/find-checkpoint.js';
import type { TrainContext } from './context.js';
import { startEngine } from './engine-choice.js';
import { distillationOf } from './engine-parts.js';
import { startSharedEngine } from './group.js';
import type { PreparedRun } from './prepared-run.js';
import { loadInitialState } from './resume.js';
import { trainedShapes } from './saving.js';
import { prepareTeacherCache } from './teacher-cache/fill.js';

/** The engine and the data of a run. */
export interface ReadyRun {
  readonly prepared: PreparedRun;
  readonly engine: Engine;
  readonly data: RunBatches;
}

/**
 * Calls a function with a run's engine and data, and frees them afterwards.
 *
 * @param where the run's folder, which need not exist yet, and the checkpoint to start from, if any
 * @throws as `prepareTeacherCache`, `loadInitialState`, `startEngine` and `startSharedEngine`
 */
export async function withEngine<T>(
  prepared: PreparedRun,
  where: { readonly folder: string; readonly found?: FoundCheckpoint | undefined },
  context: TrainContext,
  work: (ready: ReadyRun) => Promise<T>,
): Promise<T> {
  const { folder, found } = where;
  const cache = await prepareTeacherCache(prepared, folder, context);
  let engine: Engine | undefined;
  try {
    const initial =
      found &&
      (await loadInitialState(found, trainedShapes(distillationOf(prepared)), prepared.teacher.model.parameters()));
    const { ranks } = context;
    engine =
      ranks === undefined
        ? await startEngine(prepared, initial, cache === undefined ? 'computed' : 'given')
        : await startSharedEngine(prepared, ranks, initial);
    const data =
      cache === undefined
        ? prepared.data
        : {
            training: cache.withTargets('training', prepared.data.training),
            validation: cache.withTargets('validation', prepared.data.validation),
            baseline: cache.withTargets('validation', prepared.data.baseline),
          };
    return await work({ prepared, engine, data });
  } finally {
    engine?.dispose();
    await cache?.close();
  }
}
