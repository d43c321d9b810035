import { beforeAll, describe, expect, test } from 'vitest';
import { batchesOf, type Batch } from '../../src/data/batches.js';
import { groupedByLength, inStoreOrder, uniformSample } from '../../src/data/row-order.js';
import { openStore, type TokenStore } from '../../src/data/store/token-store.js';
import { newFolder, prepareInto, WORDS, writePairs } from './prepare/support.js';

const COUNT = 1100; // more than a block
const PAIRS = Array.from({ length: COUNT }, (_, i): [string, string] => [`한국어 문장 ${i}`, `sentence number ${i}`]);
const PADDING = { length: 77, teacher: 0, student: 1 };

let store: TokenStore;
beforeAll(async () => {
  const folder = newFolder();
  await prepareInto(folder, [writePairs(PAIRS)], { shuffle: false, validFraction: 0.01 });
  store = await openStore(folder);
  return () => store.close();
});

/** The padded ids of rows `from` up to `to`. */
function expectedIds(from: number, to: number): Omit<Batch, 'rows' | 'size'> {
  const tokens = { teacher: 0, student: 0 };
  const encode = (side: 'teacher' | 'student', column: 0 | 1): Int32Array => {
    const ids = new Int32Array(77 * (to - from));
    for (let row = from; row < to; row++) {
      const length = WORDS[side].encodeInto(PAIRS[row][column], ids, 77 * (row - from));
      tokens[side] = Math.max(tokens[side], length);
    }
    return ids;
  };
  return {
    teacherIds: encode('teacher', 1),
    studentIdsEn: encode('student', 1),
    studentIdsKo: encode('student', 0),
    studentTokens: tokens.student,
  };
}

describe('batches', () => {
  test('contain padded ids in the order of the store; the last one has the rest', async () => {
    const batches = batchesOf(inStoreOrder(store.training), 500, PADDING);
    expect([batches.count, batches.pairs]).toEqual([3, 1089]);
    for (const [index, from, to] of [
      [0, 0, 500],
      [2, 1000, 1089],
      [1, 500, 1000],
    ]) {
      const { rows, size, ...ids } = await batches.at(index);
      expect([size, rows[0], rows.at(-1)]).toEqual([to - from, from, to - 1]);
      expect(ids).toEqual(expectedIds(from, to));
    }
    const { studentIdsKo } = await batchesOf(inStoreOrder(store.validation), 500, PADDING).at(0);
    expect(studentIdsKo).toEqual(expectedIds(1089, 1100).studentIdsKo);
  });

  test('are the same however they are accessed, in every epoch', async () => {
    const [one, other] = [
      batchesOf(inStoreOrder(store.training), 100, PADDING),
      batchesOf(inStoreOrder(store.training), 100, PADDING),
    ];
    await one.at(0);
    expect(await one.at(7)).toEqual(await other.at(7));
    expect(await one.at(7, 3)).toEqual(await one.at(7, 0));
  });

  test('of a uniform sample are some rows in the order of the store, determined by the seed', async () => {
    const rowsOf = async (count: number, seed: number): Promise<number[]> => {
      const batches = batchesOf(uniformSample(store.training, count, seed), 40, PADDING);
      const all = await Promise.all(Array.from({ length: batches.count }, (_, index) => batches.at(index, 3)));
      const [first] = all;
      const row = first.rows[0];
      expect(first.teacherIds.subarray(0, 77)).toEqual(expectedIds(row, row + 1).teacherIds);
      return all.flatMap(({ rows }) => [...rows]);
    };
    const sample = await rowsOf(100, 1);
    expect(sample).toHaveLength(100);
    expect(sample).toEqual([...new Set(sample)].sort((a, b) => a - b));
    expect(await rowsOf(100, 1)).toEqual(sample);
    expect(await rowsOf(100, 2)).not.toEqual(sample);
    // a smaller sample of the seed is a subset
    const part = await rowsOf(30, 1);
    expect(sample.filter((row) => part.includes(row))).toEqual(part);
    expect(await rowsOf(2000, 1)).toEqual(Array.from({ length: 1089 }, (_, row) => row));
    // uniform: 100 of 1,089 rows; the mean of their numbers has a standard deviation of 30
    const mean = sample.reduce((sum, row) => sum + row, 0) / 100;
    expect(Math.abs(mean - 544)).toBeLessThan(5 * 30);
  });

  test('past the end are an error of the caller', async () => {
    await expect(batchesOf(inStoreOrder(store.training), 500, PADDING).at(3)).rejects.toThrow(
      new RangeError('batch 3 of 3'),
    );
  });
});

describe('rows grouped by length', () => {
  const COUNT_OF_WORDS = (row: number): number => 1 + ((row * 7919) % 23);
  let uneven: TokenStore;
  beforeAll(async () => {
    const folder = newFolder();
    const pairs = Array.from({ length: 1000 }, (_, i): [string, string] => [
      `한국어 ${'문장 '.repeat(COUNT_OF_WORDS(i))}${i}`,
      `sentence ${'number '.repeat(COUNT_OF_WORDS((i * 31) % 1000))}${i}`,
    ]);
    await prepareInto(folder, [writePairs(pairs)], { shuffle: false, validFraction: 0.01 });
    uneven = await openStore(folder);
    return () => uneven.close();
  });

  const STEP = 8;
  const PAIRS_THERE = 990;
  const rowsOf = async (epoch: number, seed = 1, batchSize = STEP, stepPairs = STEP): Promise<number[][]> => {
    const batches = batchesOf(groupedByLength(uneven.training, { stepPairs, seed }), batchSize, PADDING);
    return Promise.all(Array.from({ length: batches.count }, async (_, i) => [...(await batches.at(i, epoch)).rows]));
  };
  /** The number of tokens of the longer text, by the padded ids. */
  const lengthsOf = async (epoch: number | undefined): Promise<number[][]> => {
    const order =
      epoch === undefined
        ? inStoreOrder(uneven.training)
        : groupedByLength(uneven.training, { stepPairs: STEP, seed: 1 });
    const batches = batchesOf(order, STEP, PADDING);
    const tokens = (ids: Int32Array, i: number): number =>
      ids.subarray(77 * i, 77 * (i + 1)).filter((id) => id !== PADDING.student).length;
    return Promise.all(
      Array.from({ length: batches.count }, async (_, index) => {
        const { size, studentIdsEn, studentIdsKo } = await batches.at(index, epoch);
        return Array.from({ length: size }, (_, i) => Math.max(tokens(studentIdsEn, i), tokens(studentIdsKo, i)));
      }),
    );
  };

  test('all occur once per epoch, with a smaller batch last', async () => {
    for (const epoch of [0, 1, 5]) {
      const batches = await rowsOf(epoch);
      expect(batches.map((rows) => rows.length)).toEqual([...new Array<number>(123).fill(STEP), 6]);
      expect(batches.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: PAIRS_THERE }, (_, i) => i));
    }
  });

  test('depend only on seed and epoch', async () => {
    expect(await rowsOf(2)).toEqual(await rowsOf(2));
    const orders = [await rowsOf(0), await rowsOf(1), await rowsOf(0, 2)];
    expect(new Set(orders.map((order) => JSON.stringify(order))).size).toBe(3);
    const grouped = groupedByLength(uneven.training, { stepPairs: STEP, seed: 1 });
    await grouped.read(900, 8, 3);
    expect((await grouped.read(40, 8, 1)).map(({ row }) => row)).toEqual(orders[1][5]);
  });

  test('share a step with rows of similar length, and lengths vary randomly between steps', async () => {
    const spread = (lengths: number[][]): number =>
      lengths.reduce((sum, step) => sum + Math.max(...step) - Math.min(...step), 0) / lengths.length;
    const [plain, grouped] = [await lengthsOf(undefined), await lengthsOf(0)];
    // 31 steps per window over 23 lengths: a step holds one length or two
    expect(spread(grouped)).toBeLessThan(2);
    expect(spread(plain)).toBeGreaterThan(8);
    const longest = grouped.map((step) => Math.max(...step));
    const rises = longest.slice(1).filter((length, i) => length > longest[i]).length;
    expect(rises).toBeGreaterThan(30); // of 123: the steps are not sorted
    expect(rises).toBeLessThan(93);
  });

  test('are grouped within a quarter of an epoch, of rows that follow each other', async () => {
    const first = new Set((await rowsOf(0)).slice(0, Math.floor(124 / 4)).flat());
    expect(first.size).toBe(31 * STEP);
    expect([...first].filter((row) => !first.has((row + 1) % PAIRS_THERE))).toHaveLength(1);
  });

  test('say how long the longest text of a batch is, in either language', async () => {
    const grouped = batchesOf(groupedByLength(uneven.training, { stepPairs: STEP, seed: 1 }), STEP, PADDING);
    const lengths = await lengthsOf(0);
    for (const [index, texts] of lengths.entries())
      expect((await grouped.at(index, 0)).studentTokens).toBe(Math.max(...texts));
  });

  test('leave over pairs of any length', async () => {
    const left = await Promise.all(Array.from({ length: 8 }, async (_, epoch) => (await lengthsOf(epoch)).at(-1)!));
    const longest = left.map((lengths) => Math.max(...lengths));
    expect(Math.max(...longest) - Math.min(...longest)).toBeGreaterThan(8); // of 23
  });

  test('form steps of several micro-batches of the same length', async () => {
    const [steps, halves] = [await rowsOf(1), await rowsOf(1, 1, STEP / 2)];
    expect(halves.length).toBe(248);
    const joined = Array.from({ length: 124 }, (_, i) => halves.slice(2 * i, 2 * i + 2).flat());
    expect(joined).toEqual(steps);
  });

  test('are as few as there are rows', async () => {
    for (const stepPairs of [989, 990, 5000]) {
      const batches = await rowsOf(0, 1, 500, stepPairs);
      expect(batches.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: PAIRS_THERE }, (_, i) => i));
    }
  });
});
