import { beforeAll, describe, expect, test } from 'vitest';
import { batchesOf, reshuffledOrder, type Batch } from '../../src/data/batches.js';
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

/** What the encoders make of rows `from` up to `to`, padded. */
function expectedIds(from: number, to: number): Omit<Batch, 'rows' | 'size'> {
  const encode = (side: 'teacher' | 'student', column: 0 | 1): Int32Array => {
    const ids = new Int32Array(77 * (to - from));
    for (let row = from; row < to; row++) WORDS[side].encodeInto(PAIRS[row][column], ids, 77 * (row - from));
    return ids;
  };
  return { teacherIds: encode('teacher', 1), studentIdsEn: encode('student', 1), studentIdsKo: encode('student', 0) };
}

describe('batches', () => {
  test('hold padded ids in the order of the store, the last one what is left over', async () => {
    const batches = batchesOf(store.training, 500, PADDING);
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
    const { studentIdsKo } = await batchesOf(store.validation, 500, PADDING).at(0);
    expect(studentIdsKo).toEqual(expectedIds(1089, 1100).studentIdsKo);
  });

  test('are the same whichever way they are reached, in every epoch', async () => {
    const [one, other] = [batchesOf(store.training, 100, PADDING), batchesOf(store.training, 100, PADDING)];
    await one.at(0);
    expect(await one.at(7)).toEqual(await other.at(7));
    expect(await one.at(7, 3)).toEqual(await one.at(7, 0));
  });

  test('past the end are a mistake of the caller', async () => {
    await expect(batchesOf(store.training, 500, PADDING).at(3)).rejects.toThrow(new RangeError('batch 3 of 3'));
  });
});

describe('the order of batches', () => {
  const orderOf = (seed: number, epoch: number): number[] => {
    const order = reshuffledOrder(50, seed);
    return Array.from({ length: 50 }, (_, index) => order(index, epoch));
  };

  test('has every batch once', () => {
    expect(orderOf(1, 0).sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i));
  });

  test('depends on seed and epoch, and on nothing else', () => {
    expect(orderOf(1, 2)).toEqual(orderOf(1, 2));
    expect(new Set([orderOf(1, 0), orderOf(1, 1), orderOf(2, 0)].map(String)).size).toBe(3);
    const order = reshuffledOrder(50, 1);
    order(49, 5);
    expect(order(7, 2)).toBe(orderOf(1, 2)[7]);
  });

  test('is followed', async () => {
    const shuffled = batchesOf(store.training, 50, PADDING, reshuffledOrder(22, 9));
    const starts = await Promise.all(
      Array.from({ length: 22 }, async (_, index) => (await shuffled.at(index, 1)).rows[0]),
    );
    expect(starts).not.toEqual([...starts].sort((a, b) => a - b));
    expect(new Set(starts).size).toBe(22);
  });
});
