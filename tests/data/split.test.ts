import { describe, expect, test } from 'vitest';
import { randomSource, shuffledIndices, xoshiro128 } from '../../src/data/random.js';
import { splitPairs } from '../../src/data/split.js';

describe('the random source', () => {
  test("gives xoshiro128**'s numbers from a given state", () => {
    const next = xoshiro128(Uint32Array.of(1, 2, 3, 4));
    expect([next(), next(), next(), next(), next()]).toEqual([11520, 0, 5927040, 70819200, 2031721883]);
  });

  test("fills its state with SplitMix64's numbers", () => {
    // SplitMix64 from 1234567: 6457827717110365317, 3203168211198807973.
    const state = new Uint32Array(BigUint64Array.of(6457827717110365317n, 3203168211198807973n).buffer);
    const [seeded, direct] = [randomSource(1234567), xoshiro128(state)];
    expect([seeded(), seeded(), seeded()]).toEqual([direct(), direct(), direct()]);
  });

  test('puts every number at every place equally often', () => {
    const random = randomSource(3);
    const counts = Array.from({ length: 5 }, () => new Uint32Array(5));
    for (let i = 0; i < 10_000; i++) shuffledIndices(5, random).forEach((number, place) => counts[place][number]++);
    for (const count of counts.flatMap((row) => [...row])) expect(Math.abs(count - 2000)).toBeLessThan(200); // 5 sigma
  });
});

describe('the split', () => {
  const options = { validFraction: 0.2, shuffle: true, seed: 1 };
  const all = (count: number) => Array.from({ length: count }, (_, i) => i);
  const sorted = (...parts: Uint32Array[]) => parts.flatMap((part) => [...part]).sort((a, b) => a - b);

  test('has every pair once, the last fifth of them for validation', () => {
    const { train, validation, notice } = splitPairs(1001, options);
    expect([train.length, validation.length, notice]).toEqual([801, 200, undefined]);
    expect(sorted(train, validation)).toEqual(all(1001));
    expect([...train]).not.toEqual(sorted(train));
  });

  test('is the same for the same seed and another for another', () => {
    expect(splitPairs(100, options)).toEqual(splitPairs(100, options));
    expect(splitPairs(100, options)).not.toEqual(splitPairs(100, { ...options, seed: 2 }));
    expect([...splitPairs(8, options).train]).toEqual([4, 5, 0, 7, 3, 6]);
  });

  test('takes random pairs where fewer are asked for, a small sample being part of a larger one', () => {
    const small = splitPairs(1000, { ...options, samples: 50 });
    const large = splitPairs(1000, { ...options, samples: 100 });
    expect([small.train.length, small.validation.length]).toEqual([40, 10]);
    const inLarge = new Set(sorted(large.train, large.validation));
    expect(inLarge.size).toBe(100);
    expect(sorted(small.train, small.validation).every((pair) => inLarge.has(pair))).toBe(true);
    expect(Math.max(...inLarge)).toBeGreaterThan(500);
  });

  test('keeps the order of the files when it does not shuffle', () => {
    const { train, validation } = splitPairs(20, { ...options, shuffle: false, samples: 10 });
    expect([[...train], [...validation]]).toEqual([all(8), [8, 9]]);
  });

  test('leaves out validation only where the fraction is 0', () => {
    expect(splitPairs(5, { ...options, validFraction: 0 }).validation).toHaveLength(0);
    expect(splitPairs(100, { ...options, validFraction: 0.001 }).validation).toHaveLength(1);
    expect(splitPairs(2, { ...options, validFraction: 0.9 }).train).toHaveLength(1);
    expect(splitPairs(1, options).train).toHaveLength(1);
  });

  test('uses all pairs where more are asked for, and says so', () => {
    const { train, validation, notice } = splitPairs(10, { ...options, samples: 5000 });
    expect(train.length + validation.length).toBe(10);
    expect(notice).toBe('5000 samples were asked for and there are 10 pairs: all of them are used');
  });

  test('refuses numbers out of range in one line', () => {
    for (const validFraction of [-0.1, 1, NaN]) {
      expect(() => splitPairs(10, { ...options, validFraction })).toThrow(
        `--valid-fraction: expected a number from 0 to below 1, got ${validFraction}`,
      );
    }
    expect(() => splitPairs(10, { ...options, samples: 0 })).toThrow('--samples: expected a whole number from 1, got 0');
  });
});
