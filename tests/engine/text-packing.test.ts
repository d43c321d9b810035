import { describe, expect, it } from 'vitest';
import { randomNormal } from '../../src/base/philox.js';
import { packRows, packTexts, positionsOf } from '../../src/engine/text-packing.js';

const PAD = 1;
const LENGTH = 8;

/** Texts of these ids, padded to `LENGTH`. */
const padded = (...texts: number[][]): { ids: Int32Array; length: number; padding: number } => ({
  ids: Int32Array.from(texts.flatMap((ids) => Array.from({ length: LENGTH }, (_, i) => ids[i] ?? PAD))),
  length: LENGTH,
  padding: PAD,
});

describe('positions of a text', () => {
  it('are its tokens, and one for all of its padding', () => {
    const texts = padded([5], [5, 6, 7], [], [5, 6, 7, 8, 9, 10, 11], [5, 6, 7, 8, 9, 10, 11, 12]);
    expect([...positionsOf(texts)]).toEqual([2, 4, 1, 8, 8]);
  });

  it('include padding before a token', () => {
    expect([...positionsOf(padded([5, PAD, PAD, 6]))]).toEqual([5]);
  });
});

describe('texts in rows', () => {
  it('take the longest first, each where the least space is left', () => {
    // 7 1 | 5 3 | 4 2
    expect(packRows(Int32Array.of(2, 7, 3, 5, 4, 1), 8)).toEqual({
      rows: 3,
      starts: Int32Array.of(20, 0, 13, 8, 16, 7),
    });
  });

  it('never overlap or cross a row, and take few more rows than their lengths add up to', () => {
    for (let round = 0; round < 50; round++) {
      const size = 77;
      const positions = Int32Array.from(randomNormal(64, 9, [round, 1]), (value) =>
        Math.min(size, Math.max(1, Math.round(27 + value))),
      );
      const { rows, starts } = packRows(positions, size);
      const taken = new Set<number>();
      for (const [text, start] of starts.entries()) {
        expect(Math.floor(start / size)).toBe(Math.floor((start + positions[text] - 1) / size));
        for (let i = 0; i < positions[text]; i++) taken.add(start + i);
      }
      const total = positions.reduce((sum, each) => sum + each, 0);
      expect(taken.size).toBe(total);
      expect(Math.max(...taken)).toBeLessThan(rows * size);
      expect(rows).toBeLessThanOrEqual(Math.floor((11 * Math.ceil(total / size)) / 9) + 1);
    }
  });

  it('can be one each, and none', () => {
    expect(packRows(Int32Array.of(8, 8), 8)).toEqual({ rows: 2, starts: Int32Array.of(0, 8) });
    expect(packRows(new Int32Array(), 8)).toEqual({ rows: 0, starts: new Int32Array() });
  });

  it('come with what each position stands for, and where the output of each is', () => {
    const texts = padded([5, 6, 7], [8], [9, 10, 11, 12, 13, 14, 15, 16]);
    const positions = positionsOf(texts);
    const places = packRows(positions, LENGTH);
    const { ids, packing } = packTexts(texts, positions, places, 3); // one row more than needed
    expect([...ids]).toEqual([
      ...[9, 10, 11, 12, 13, 14, 15, 16],
      ...[5, 6, 7, PAD, 8, PAD, PAD, PAD],
      ...[PAD, PAD, PAD, PAD, PAD, PAD, PAD, PAD],
    ]);
    expect([...packing.texts]).toEqual([
      ...[2, 2, 2, 2, 2, 2, 2, 2],
      ...[0, 0, 0, 0, 1, 1, -1, -1],
      ...[-1, -1, -1, -1, -1, -1, -1, -1],
    ]);
    const counts = Array.from(packing.logCounts, (value) => Math.round(Math.exp(value)));
    expect(counts).toEqual([...[1, 1, 1, 1, 1, 1, 1, 1], ...[1, 1, 1, 5, 1, 7, 1, 1], ...[1, 1, 1, 1, 1, 1, 1, 1]]);
    expect([...packing.places]).toEqual([
      ...[8, 9, 10, 11, 11, 11, 11, 11],
      ...[12, 13, 13, 13, 13, 13, 13, 13],
      ...[0, 1, 2, 3, 4, 5, 6, 7],
    ]);
  });
});
