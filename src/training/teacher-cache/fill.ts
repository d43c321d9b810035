/** @file `kd train --cache-teacher`: fills the cache before training, and trains from it. */
import { setImmediate } from 'node:timers/promises';
import { targetShape } from '../../distill/loss.js';
import type { Batch } from '../../data/batches.js';
import { openTeacherCache, type TeacherCache } from './cache.js';
import { InputError } from '../../base/errors.js';
import { areOnOneDisk, freeDiskBytes } from '../../base/disk-space.js';
import { MAX_LENGTH } from '../../text/max-length.js';
import type { Progress, Reporter } from '../../app/reporter.js';
import { formatBytes, formatBytesApart, formatCounted } from '../../base/format.js';
import type { TrainContext } from '../context.js';
import { startEngine } from '../engine-choice.js';
import { distillationOf } from '../engine-parts.js';
import type { PreparedRun } from '../prepared-run.js';
import { leastDiskBytes } from '../saving.js';

/**
 * Opens a run's cache, after reporting its size and computing the teacher's outputs that are still missing.
 *
 * @param runFolder the run's folder, where there must still be room for a checkpoint
 * @returns undefined for a run without a cache
 * @throws InputError if there is not enough disk space, or for damaged cache files; StoppedError
 */
export async function prepareTeacherCache(
  prepared: PreparedRun,
  runFolder: string,
  { reporter, stop }: TrainContext,
): Promise<TeacherCache | undefined> {
  const { settings, fingerprints, engine, data } = prepared;
  const { cacheTeacher: root } = settings;
  if (root === undefined) return undefined;
  const key = {
    teacher: fingerprints.teacher!,
    tokenizer: fingerprints['teacher tokenizer']!,
    data: fingerprints.data!,
    loss: settings.loss,
    precision: engine.precision,
  };
  const shape = targetShape(distillationOf(prepared), 1, MAX_LENGTH).slice(1);
  const { inStoreOrder } = data;
  const open = (): Promise<TeacherCache> => openTeacherCache(root, key, inStoreOrder, shape);
  const cache = await open();
  const pairs = inStoreOrder.training.pairs + inStoreOrder.validation.pairs;
  reporter.message(
    `teacher cache: ${formatCounted(pairs, 'pair')} in ${cache.folder}, ${formatBytes(cache.missingBytes)} ` +
      'still to be written',
  );
  reporter.event({ event: 'teacher-cache', folder: cache.folder, pairs, missing_bytes: cache.missingBytes });
  try {
    await stop.abortable((signal) => check(cache, reporter, signal));
    if (cache.missingBytes === 0) return cache;
    await cache.checkFillable();
    await checkRoom(cache, prepared, runFolder);
    await stop.abortable((signal) => fill(prepared, cache, pairs, reporter, signal));
  } catch (error) {
    await cache.close();
    throw error;
  }
  await cache.close();
  return open();
}

/** Checks that there is room for the outputs that are missing and, on the same disk, for a checkpoint of the run. */
async function checkRoom({ folder, missingBytes }: TeacherCache, prepared: PreparedRun, run: string): Promise<void> {
  const free = await freeDiskBytes(folder);
  const checkpoint = (await areOnOneDisk(folder, run)) ? leastDiskBytes(prepared) : 0;
  if (free >= missingBytes + checkpoint) return;
  const [needed, found] = formatBytesApart(missingBytes + checkpoint, free);
  const parts = `${formatBytes(missingBytes)} for the teacher's outputs, ${formatBytes(checkpoint)} for a checkpoint`;
  const wanted = checkpoint === 0 ? `${needed} free for the teacher's outputs` : `${needed} free (${parts} and logs)`;
  throw new InputError(`${folder}: expected ${wanted}, found ${found}; name a folder with more room`);
}

/** Verifies existing files, so that a damaged one is not found in the middle of training. */
async function check(cache: TeacherCache, reporter: Reporter, signal: AbortSignal): Promise<void> {
  if (cache.presentBytes === 0) return;
  const bar = reporter.progress('teacher cache', cache.presentBytes, 'bytes');
  await showing(bar, signal, (onBytes) => cache.check(onBytes));
}

async function fill(
  prepared: PreparedRun,
  cache: TeacherCache,
  pairs: number,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<void> {
  const engine = await startEngine(prepared);
  const bar = reporter.progress('teacher', pairs, 'pairs');
  const outputs = (batch: Batch): Promise<Float32Array> => engine.teacherOutputs(batch);
  await showing(bar, signal, (onPairs) => cache.fill(outputs, onPairs)).finally(() => {
    engine.dispose();
  });
}

/** Shows how far some work is, which tells what it has added each time, and stops it when asked to. */
async function showing(
  bar: Progress,
  signal: AbortSignal,
  work: (onAdded: (added: number) => Promise<void>) => Promise<void>,
): Promise<void> {
  let done = 0;
  try {
    await work(async (added) => {
      done += added;
      bar.update(done);
      await setImmediate(); // lets signals through
      signal.throwIfAborted();
    });
  } finally {
    bar.stop();
  }
}
