/** @file `--batch-size auto`: the largest micro-batch that fits, and that leaves an epoch enough steps. */
import type { Batch } from '../data/batches.js';
import type { Engine } from '../distill/engine.js';
import { targetShape } from '../distill/loss.js';
import { InputError } from '../base/errors.js';
import { sizeOf } from '../base/shape.js';
import { MAX_LENGTH } from '../text/tokenizer.js';
import type { Reporter } from '../app/reporter.js';
import { formatBytes, formatBytesApart, formatCount } from '../base/format.js';
import { startEngine } from './engine-choice.js';
import { measuredStep, distillationOf, type EngineParts } from './engine-parts.js';
import { memoryNeed } from '../engine/memory.js';
import { largestBatch, USABLE_SHARE } from './usable-memory.js';
import { OutOfMemory } from './out-of-memory.js';
import { DEFAULTS } from './settings.js';
import { freeMemoryBytes } from './memory-guard.js';

/** The factor by which the next try is smaller. */
const BACK_OFF = 0.8;

/**
 * Steps that an epoch should have: a larger batch makes fewer of them, and a gradient over more pairs does not make up
 * for that.
 */
const LEAST_STEPS = 50;

/** A micro-batch that fits. */
export interface FittingBatch {
  readonly size: number;
  /** The size estimated to fit before any was tried. */
  readonly estimated: number;
  /** Bytes that were free. */
  readonly free: number;
}

/**
 * The largest micro-batch by the estimate; on a GPU tried with a step, and made smaller while that does not fit. On a
 * processor it is not tried: a process that takes more than there is gets killed, not told.
 *
 * @param start an engine, for tests that have no GPU
 * @throws InputError where not one pair fits
 */
export async function findFittingBatch(
  parts: EngineParts,
  start: typeof startEngine = startEngine,
): Promise<FittingBatch> {
  const free = freeMemoryBytes(parts.engine);
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
 * The micro-batch for so many pairs, no larger than what fits, and what limited it, said in one line. Data for which
 * `LEAST_STEPS` would want less than the usual batch gets the usual one.
 *
 * @param pairs for training
 * @param accumulate micro-batches a step
 */
export function chooseBatchSize(
  { size: fitting, estimated, free }: FittingBatch,
  pairs: number,
  accumulate: number,
  output: Reporter,
): number {
  const share = Math.floor(pairs / (LEAST_STEPS * accumulate));
  const useful = Math.max(share - (share % 8), DEFAULTS.batchSize);
  const size = Math.min(fitting, useful);
  const reason =
    size < fitting
      ? `${formatCount(fitting)} would fit, but with ${formatCount(pairs)} pairs that is ` +
        `${steps(pairs, fitting * accumulate)} an epoch; this is ${steps(pairs, size * accumulate)}`
      : `what fits into ${100 * USABLE_SHARE}% of the ${formatBytes(free)} that is free` +
        (fitting < estimated ? `; ${formatCount(estimated)} was too large` : '');
  output.message(`batch size: ${formatCount(size)} (${reason})`);
  output.event({
    event: 'batch-size',
    batch_size: size,
    limit: size < fitting ? 'steps' : 'memory',
    fitting,
    estimated,
    free_bytes: free,
  });
  return size;
}

function steps(pairs: number, batch: number): string {
  const count = Math.ceil(pairs / batch);
  return count === 1 ? '1 step' : `${formatCount(count)} steps`;
}

async function largestThatRuns(parts: EngineParts, estimated: number, start: typeof startEngine): Promise<number> {
  let size = estimated;
  for (;;) {
    try {
      await tryStep({ ...parts, settings: { ...parts.settings, batchSize: size } }, start);
      return size;
    } catch (error) {
      if (!(error instanceof OutOfMemory) || size === 1) throw error;
      size = smaller(size);
    }
  }
}

/**
 * A step as the run will take it; where the teacher's outputs are cached, without the teacher, which fills the cache
 * before.
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
  await tryOn('computed', (engine) => engine.teach(batch)); // to fill the cache; then the teacher is gone
  const target = new Float32Array(sizeOf(targetShape(distillationOf(parts), batchSize, MAX_LENGTH)));
  await tryOn('given', (engine) => engine.step([{ ...batch, target }], 0));
}

function smaller(size: number): number {
  const next = Math.floor(size * BACK_OFF);
  return next >= 8 ? next - (next % 8) : Math.max(1, next);
}

/** Any ids, as memory depends on shapes alone; taken for whole texts, without padding that might be computed once. */
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
