import { describe, expect, test } from 'vitest';
import { batchesOf } from '../../src/data/batches.js';
import { buildTokenTable, type RowEncoder } from '../../src/data/token-table.js';

/** Writes the numbers of a text, with 4 ids a row and 9 for padding. */
function numberEncoder(vocabSize: number): RowEncoder {
  return {
    maxLength: 4,
    padId: 9,
    vocabSize,
    encodeInto(text, target, at) {
      const ids = text.split(' ').map(Number);
      target.subarray(at, at + 4).fill(9).set(ids.slice(0, 4));
      return ids.length;
    },
  };
}

const tokenizers = { teacher: numberEncoder(70_001), student: numberEncoder(10) };
const pairs = [
  { ko: '1', en: '70000 2 3' },
  { ko: '4 5 6 7 8', en: '0' },
  { ko: '1 2', en: '6 5 4 3' },
];

describe('a token table', () => {
  test('gives back any row of any column, padded', async () => {
    const table = await buildTokenTable(pairs, tokenizers);
    const target = new Int32Array(8).fill(-1);
    table.teacherEn.copyRow(0, target, 4);
    expect([...target]).toEqual([-1, -1, -1, -1, 70_000, 2, 3, 9]);
    table.studentKo.copyRow(1, target, 0);
    table.studentEn.copyRow(1, target, 4);
    expect([...target]).toEqual([4, 5, 6, 7, 0, 9, 9, 9]);
  });

  test('counts the texts that were cut', async () => {
    const { teacherEn, studentEn, studentKo } = await buildTokenTable(pairs, tokenizers);
    expect([teacherEn.cut, studentEn.cut, studentKo.cut]).toEqual([0, 0, 1]);
  });

  test('grows with the texts, and tells how far it is', async () => {
    const many = Array.from({ length: 25_000 }, (_, i) => ({ ko: `${i % 7} 1 2 3`, en: `${i} 5 6` }));
    const told: [number, number][] = [];
    const { teacherEn, studentKo } = await buildTokenTable(many, tokenizers, (done, total) => told.push([done, total]));
    const target = new Int32Array(8);
    teacherEn.copyRow(24_999, target, 0);
    studentKo.copyRow(24_998, target, 4);
    expect([...target]).toEqual([24_999, 5, 6, 9, 24_998 % 7, 1, 2, 3]);
    expect(told[0]).toEqual([1000, 75_000]);
    expect(told.at(-1)).toEqual([75_000, 75_000]);
  });
});

describe('batches', () => {
  test('hold the rows in the order given, the last one what is left over', async () => {
    const batches = batchesOf(await buildTokenTable(pairs, tokenizers), Uint32Array.of(2, 0, 1), 2);
    expect([batches.count, batches.pairs]).toEqual([2, 3]);
    const [first, last] = [...batches];
    expect([first.size, [...first.rows], last.size, [...last.rows]]).toEqual([2, [2, 0], 1, [1]]);
    expect([...first.teacherIds]).toEqual([6, 5, 4, 3, 70_000, 2, 3, 9]);
    expect([...first.studentIdsKo]).toEqual([1, 2, 9, 9, 1, 9, 9, 9]);
    expect([...last.studentIdsEn]).toEqual([0, 9, 9, 9]);
    expect([...last.studentIdsKo]).toEqual([4, 5, 6, 7]);
  });

  test('are the same whichever way they are reached, in every epoch', async () => {
    const batches = batchesOf(await buildTokenTable(pairs, tokenizers), Uint32Array.of(0, 1, 2), 2);
    expect([...batches]).toEqual([batches.at(0), batches.at(1)]);
    expect([...batches]).toEqual([...batches]);
  });

  test('past the end are a mistake of the caller', async () => {
    const batches = batchesOf(await buildTokenTable(pairs, tokenizers), new Uint32Array(), 2);
    expect(batches.count).toBe(0);
    expect(() => batches.at(0)).toThrow(new RangeError('batch 0 of 0'));
  });
});
