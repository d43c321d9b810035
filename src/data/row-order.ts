/** @file The order in which the rows of a token store are used. */
import { hash32 } from '../base/philox.js';
import { lruCache } from '../base/lru-cache.js';
import { randomBelow, randomSource, shuffledIndices } from './shuffle.js';
import type { LocatedRow, StoreRows } from './store/token-store.js';

/** A row and its number in the store, from 0. */
export interface NumberedRow extends LocatedRow {
  readonly row: number;
}

/** Rows in a particular order. */
export interface OrderedRows {
  readonly count: number;
  /** Reads rows `start` to `start + count - 1` of an epoch, in time independent of `start`. */
  readonly read: (start: number, count: number, epoch: number) => Promise<readonly NumberedRow[]>;
}

/** The order of the store, the same in every epoch, as in the original project. */
export function inStoreOrder(rows: StoreRows): OrderedRows {
  return {
    count: rows.count,
    read: async (start, count) =>
      (await rows.read(start, count)).map(({ block, place }, i) => ({ block, place, row: start + i })),
  };
}

/**
 * A uniform sample of rows, in the order of the store, or all rows if there are no more. It is a pure function of the
 * seed, and a subset of every larger sample with that seed.
 */
export function uniformSample(rows: StoreRows, count: number, seed: number): OrderedRows {
  if (count >= rows.count) return inStoreOrder(rows);
  const drawn = shuffledIndices(rows.count, randomSource(seed)).slice(0, count).sort();
  return {
    count,
    read: async (start, size) =>
      Promise.all(
        [...drawn.subarray(start, start + size)].map(async (row) => ({ ...(await rows.read(row, 1))[0]!, row })),
      ),
  };
}

/** How rows are grouped by length. */
export interface Grouping {
  /** Pairs per step, over all its micro-batches. */
  readonly stepPairs: number;
  readonly seed: number;
}

/** Steps per window, as in the Hugging Face transformers Trainer (`LengthGroupedSampler`). */
const WINDOW_STEPS = 50;

/** The fewest windows, if there are that many steps. Also from `LengthGroupedSampler`. */
const MIN_WINDOWS = 4;

/** How many windows to keep: the current one and the next. */
const KEPT_WINDOWS = 2;

/**
 * Groups rows into steps of similar length. Each window of the store's order, which is rotated anew every epoch, is
 * sorted by length and cut into steps, which are then shuffled. An incomplete step is the last of the epoch. The result
 * depends only on the grouping and the epoch.
 */
export function groupedByLength(rows: StoreRows, { stepPairs, seed }: Grouping): OrderedRows {
  const steps = Math.ceil(rows.count / stepPairs);
  const windowSteps = Math.max(1, Math.min(WINDOW_STEPS, Math.floor(steps / MIN_WINDOWS)));
  const windowRows = windowSteps * stepPairs;
  const order = inStoreOrder(rows);
  const recentWindow = lruCache<NumberedRow[]>(KEPT_WINDOWS);

  async function read(start: number, count: number, epoch: number): Promise<NumberedRow[]> {
    const found: NumberedRow[] = [];
    while (found.length < count) {
      const at = start + found.length;
      const window = Math.floor(at / windowRows);
      const from = at - window * windowRows;
      found.push(...(await windowOf(window, epoch)).slice(from, from + count - found.length));
    }
    return found;
  }

  function windowOf(window: number, epoch: number): Promise<NumberedRow[]> {
    return recentWindow(`${epoch} ${window}`, () => readWindow(window, epoch));
  }

  async function readWindow(window: number, epoch: number): Promise<NumberedRow[]> {
    const from = window * windowRows;
    const count = Math.min(windowRows, rows.count - from);
    const first = (randomBelow(rows.count, randomSource(hash32(`${seed}/${epoch}`))) + from) % rows.count;
    const untilEnd = Math.min(count, rows.count - first);
    const found = [...(await order.read(first, untilEnd, 0)), ...(await order.read(0, count - untilEnd, 0))];
    return inSteps(found, stepPairs, hash32(`${seed}/${epoch}/${window}`));
  }

  return { count: rows.count, read };
}

/** Arranges rows in steps of similar length, the steps shuffled, an incomplete one last. */
function inSteps(rows: readonly NumberedRow[], stepPairs: number, seed: number): NumberedRow[] {
  const random = randomSource(seed);
  const byLength = rows.map((row) => ({ row, length: studentTokens(row) })).sort((a, b) => a.length - b.length);
  const whole = Math.floor(rows.length / stepPairs);
  const left = rows.length - whole * stepPairs;
  // At a random place, so that the pairs left over are not always of the same length.
  const leftAt = left === 0 ? undefined : randomBelow(whole + 1, random) * stepPairs;
  const ofStep = (step: number): NumberedRow[] => {
    const start = step * stepPairs;
    return part(start + (leftAt !== undefined && start >= leftAt ? left : 0), stepPairs);
  };
  const part = (start: number, count: number): NumberedRow[] =>
    byLength
      .slice(start, start + count)
      .map(({ row }) => row)
      .sort((a, b) => a.row - b.row);
  const ordered = [...shuffledIndices(whole, random)].flatMap(ofStep);
  return leftAt === undefined ? ordered : [...ordered, ...part(leftAt, left)];
}

/** The student's number of tokens for the longer text of a pair. */
function studentTokens({ block, place }: LocatedRow): number {
  return Math.max(
    ...(['student_en', 'student_ko'] as const).map((column) => {
      const { starts } = block.columns[column];
      return starts[place + 1]! - starts[place]!;
    }),
  );
}
