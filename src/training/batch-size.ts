/** @file `--batch-size auto`: the largest micro-batch that fits, and that leaves an epoch enough steps. */
import type { Batch } from '../data/batches.js';
import type { Engine } from '../distill/engine.js';
import { targetShape } from '../distill/loss.js';
import { InputError } from '../base/errors.js';
import { sizeOf } from '../base/shape.js';
import { MAX_LENGTH } from '../text/max-length.js';
import type { Reporter } from '../app/reporter.js';
import { formatBytes, formatBytesApart, formatCount, formatCounted } from '../base/format.js';
import { startEngine } from './engine-choice.js';
import { measuredStep, distillationOf, type EngineParts } from './engine-parts.js';
import { memoryNeed } from '../engine/memory.js';
import { largestBatch, USABLE_SHARE } from './usable-memory.js';
import { OutOfMemoryError } from './out-of-memory.js';
import { DEFAULTS } from './settings.js';
import { freeMemoryBytes } from './memory-guard.js';

/** The factor by which each further try is smaller. */
const BACKOFF_FACTOR = 0.8;

/**
 * The fewest steps an epoch should have: larger batches mean fewer steps, and a gradient over more pairs does not make
 * up for them.
 */
const MIN_STEPS_PER_EPOCH = 50;

/** A micro-batch size that fits. */
export interface FittingBatch {
  readonly size: number;
  /** The size estimated to fit, before trying it. */
  readonly estimated: number;
  /** Free bytes. */
  readonly free: number;
}

/**
 * Finds the largest micro-batch that fits by the estimate. On a GPU a step is tried, with smaller batches until it
 * fits. On a CPU nothing is tried, since a process that takes too much memory is killed without an error.
 *
 * @param start starts an engine; replaced in tests that have no GPU
 * @throws InputError if not even one pair fits, or nothing tells a GPU's memory
 */
export async function findFittingBatch(
  parts: EngineParts,
  start: typeof startEngine = startEngine,
): Promise<FittingBatch> {
  const free = freeMemoryBytes(parts.engine);
  if (free === undefined)
    throw new InputError(
      "--batch-size auto: expected to know the GPU's free memory, got none from nvidia-smi or TensorFlow; " +
        `give a number, such as --batch-size ${DEFAULTS.batchSize}`,
    );
  const need = memoryNeed(measuredStep(parts), MAX_LENGTH);
  const estimated = largestBatch(need, free);
  if (estimated === 0) {
    const [needed, usable] = formatBytesApart(need(1), USABLE_SHARE * free);
    throw new InputError(
      `--batch-size auto: expected memory for one pair, about ${needed}, got ${usable} ` +
        `(${100 * USABLE_SHARE}% of the ${formatBytes(free)} free); use smaller models or a device with more memory`,
    );
  }
  const size = parts.engine.device === 'gpu' ? await largestThatRuns(parts, estimated, start) : estimated;
  return { size, estimated, free };
}

/**
 * Chooses the micro-batch size for a number of pairs, no larger than what fits, and says in one line what limited it.
 * If `MIN_STEPS_PER_EPOCH` would require less than the usual batch size, the usual one is used.
 *
 * @param pairs the number of training pairs
 * @param accumulate micro-batches per step
 */
export function chooseBatchSize(
  { size: fitting, estimated, free }: FittingBatch,
  pairs: number,
  accumulate: number,
  reporter: Reporter,
): number {
  const share = Math.floor(pairs / (MIN_STEPS_PER_EPOCH * accumulate));
  const useful = Math.max(share - (share % 8), DEFAULTS.batchSize);
  const size = Math.min(fitting, useful);
  const reason =
    size < fitting
      ? `${formatCount(fitting)} would fit, but with ${formatCount(pairs)} pairs that is ` +
        `${steps(pairs, fitting * accumulate)} an epoch; this is ${steps(pairs, size * accumulate)}`
      : `what fits into ${100 * USABLE_SHARE}% of the ${formatBytes(free)} that is free` +
        (fitting < estimated ? `; ${formatCount(estimated)} was too large` : '');
  reporter.message(`batch size: ${formatCount(size)} (${reason})`);
  reporter.event({
    event: 'batch-size',
    batch_size: size,
    limit: size < fitting ? 'steps' : 'memory',
    fitting,
    estimated,
    free_bytes: free,
  });
  return size;
}

/** How many steps an epoch has: `1 step`, `1,200 steps`. */
function steps(pairs: number, batch: number): string {
  return formatCounted(Math.ceil(pairs / batch), 'step');
}

async function largestThatRuns(parts: EngineParts, estimated: number, start: typeof startEngine): Promise<number> {
  let size = estimated;
  for (;;) {
    try {
      await tryStep({ ...parts, settings: { ...parts.settings, batchSize: size } }, start);
      return size;
    } catch (error) {
      if (!(error instanceof OutOfMemoryError) || size === 1) throw error;
      size = smaller(size);
    }
  }
}

/**
 * Tries a step as the run will take it. If the teacher's outputs are cached, that is a step without the teacher, after
 * one of filling the cache.
 */
async function tryStep(parts: EngineParts, start: typeof startEngine): Promise<void> {
  const { batchSize, cacheTeacher } = parts.settings;
  const batch = placeholderBatch(batchSize);
  const tryOn = async (targets: 'computed' | 'given', work: (engine: Engine) => Promise<unknown>): Promise<void> => {
    const engine = await start(parts, undefined, targets);
    try {
      await work(engine);
    } finally {
      engine.dispose();
    }
  };
  if (cacheTeacher === undefined) {
    await tryOn('computed', (engine) => engine.step([batch], 0));
    return;
  }
  await tryOn('computed', (engine) => engine.teacherOutputs(batch)); // fills the cache; then the teacher is disposed of
  const target = new Float32Array(sizeOf(targetShape(distillationOf(parts), batchSize, MAX_LENGTH)));
  await tryOn('given', (engine) => engine.step([{ ...batch, target }], 0));
}

function smaller(size: number): number {
  const next = Math.floor(size * BACKOFF_FACTOR);
  return next >= 8 ? next - (next % 8) : Math.max(1, next);
}

/**
 * Arbitrary ids, as memory depends on shapes alone; treated as full-length texts, since padding might be computed once.
 */
function placeholderBatch(size: number): Batch {
  const ids = new Int32Array(size * MAX_LENGTH);
  return {
    size,
    teacherIds: ids,
    studentIdsEn: ids,
    studentIdsKo: ids,
    studentTokens: MAX_LENGTH,
    rows: new Uint32Array(size),
  };
}
