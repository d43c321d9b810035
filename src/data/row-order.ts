/** @file In which order the rows of a token store are used. */
import { hash32 } from '../base/philox.js';
import { lruCache } from '../base/lru-cache.js';
import { randomBelow, randomSource, shuffledIndices } from './shuffle.js';
import type { LocatedRow, StoreRows } from './store/token-store.js';

/** A row and its number in the store, from 0. */
export interface NumberedRow extends LocatedRow {
  readonly row: number;
}

/** Rows in an order of their own. */
export interface OrderedRows {
  readonly count: number;
  /** The rows at places `start` to `start + count - 1` of an epoch, in time that does not depend on `start`. */
  readonly read: (start: number, count: number, epoch: number) => Promise<readonly NumberedRow[]>;
}

/** The order of the store, the same in every epoch, as the original project has it. */
export function inStoreOrder(rows: StoreRows): OrderedRows {
  return {
    count: rows.count,
    read: async (start, count) =>
      (await rows.read(start, count)).map(({ block, place }, i) => ({ block, place, row: start + i })),
  };
}

/**
 * A uniform sample of rows, in the order of the store: a pure function of the seed, and part of every larger sample of
 * that seed. All rows where there are no more.
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
  /** Pairs of a step, all its micro-batches together. */
  readonly stepPairs: number;
  readonly seed: number;
}

/** Steps in a window, as in the trainer of Hugging Face's transformers (`LengthGroupedSampler`). */
const WINDOW_STEPS = 50;

/** Windows that there are at least, where there are that many steps; from the same place. */
const LEAST_WINDOWS = 4;

/** Windows kept: the one in use, and the next. */
const KEPT_WINDOWS = 2;

/**
 * Rows grouped into steps of like length. Each window of the store's order, which begins elsewhere in every epoch, is
 * sorted by length and cut into steps, which follow each other at random. A step that is left over is the epoch's last.
 * All of this depends on nothing but the grouping and the epoch.
 */
export function groupedByLength(rows: StoreRows, { stepPairs, seed }: Grouping): OrderedRows {
  const steps = Math.ceil(rows.count / stepPairs);
  const windowSteps = Math.max(1, Math.min(WINDOW_STEPS, Math.floor(steps / LEAST_WINDOWS)));
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

/** Rows in steps of like length, the steps at random, a smaller one last. */
function inSteps(rows: readonly NumberedRow[], stepPairs: number, seed: number): NumberedRow[] {
  const random = randomSource(seed);
  const byLength = rows.map((row) => ({ row, length: studentTokens(row) })).sort((a, b) => a.length - b.length);
  const whole = Math.floor(rows.length / stepPairs);
  const left = rows.length - whole * stepPairs;
  const leftAt = left === 0 ? undefined : randomBelow(whole + 1, random) * stepPairs; // no length is always left over
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

/** Tokens of the longer one of a pair's texts, as the student reads them. */
function studentTokens({ block, place }: LocatedRow): number {
  return Math.max(
    ...(['student_en', 'student_ko'] as const).map((column) => {
      const { starts } = block.columns[column];
      return starts[place + 1]! - starts[place]!;
    }),
  );
}
