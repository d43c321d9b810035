import { describe, expect, test } from 'vitest';
import { decideByHash, decideByPlace } from '../../../src/data/prepare/decide.js';
import { VERDICTS } from '../../../src/data/prepare/duplicates.js';
import { hashBytes, hashPair } from '../../../src/data/prepare/hash.js';
import type { Rows } from '../../../src/data/prepare/rows.js';
import { PREPARE_DEFAULTS, type DuplicateKind, type PrepareSettings } from '../../../src/data/prepare/settings.js';
import { adjustThreshold, groupsByText, SPLIT } from '../../../src/data/prepare/splits.js';

type Pair = readonly [ko: string, en: string, corpus?: number];

/** Rows as the first step leaves them, apart from their files. */
function rowsOf(pairs: readonly Pair[]): Rows {
  const count = pairs.length;
  const words = (perRow: number) => new Uint32Array(perRow * count);
  const facts = {
    pairHash: words(2),
    koHash: words(2),
    enHash: words(2),
    corpus: new Uint8Array(count),
    source: words(1),
    index: words(1),
  };
  pairs.forEach(([ko, en, corpus = 0], row) => {
    const [koHash, enHash] = [ko, en].map((text) => {
      const out = new Uint32Array(2);
      hashBytes(Buffer.from(text), 0, Buffer.byteLength(text), out);
      return out;
    });
    facts.koHash.set(koHash, 2 * row);
    facts.enHash.set(enHash, 2 * row);
    hashPair(koHash, enHash, facts.pairHash.subarray(2 * row, 2 * row + 2));
    facts.corpus[row] = corpus;
    facts.index[row] = row;
  });
  return { count, facts, runs: [], runStarts: [0] };
}

function decide(pairs: readonly Pair[], settings: Partial<PrepareSettings> = {}) {
  return decideByHash(rowsOf(pairs), { ...PREPARE_DEFAULTS, ...settings });
}

/** `korean english: verdict` for all rows, sorted, so that the order of the rows does not affect the comparison. */
function verdictsOf(pairs: readonly Pair[], keepDuplicates: readonly DuplicateKind[] = []): string[] {
  const { verdicts } = decide(pairs, { keepDuplicates });
  return pairs.map(([ko, en, corpus], row) => `${ko} ${en} ${corpus ?? ''}: ${VERDICTS[verdicts[row]]}`).sort();
}

/** Four Korean and four English texts in all combinations, one pair three times. */
const TANGLE: readonly Pair[] = [
  ...['가', '나', '다', '라'].flatMap((ko) => ['a', 'b', 'c', 'd'].map((en): Pair => [ko, en])),
  ['가', 'a', 2],
  ['가', 'a', 1],
];

describe('duplicates', () => {
  test('no text occurs in two of the pairs that are kept', () => {
    const { verdicts } = decide(TANGLE);
    const staying = TANGLE.filter((_, row) => VERDICTS[verdicts[row]] === 'stays');
    expect(new Set(staying.map(([ko]) => ko)).size).toBe(staying.length);
    expect(new Set(staying.map(([, en]) => en)).size).toBe(staying.length);
    expect(staying.length).toBeGreaterThan(1);
  });

  test('the choice does not depend on the order of the rows', () => {
    const orders = [TANGLE, [...TANGLE].reverse(), [...TANGLE.slice(7), ...TANGLE.slice(0, 7)]];
    expect(new Set(orders.map((pairs) => verdictsOf(pairs).join('\n'))).size).toBe(1);
  });

  test('of equal pairs, that of the first corpus is kept', () => {
    expect(
      verdictsOf([
        ['가', 'a', 2],
        ['가', 'a', 0],
        ['가', 'a', 1],
      ]),
    ).toEqual(['가 a 0: stays', '가 a 1: duplicate_pair', '가 a 2: duplicate_pair']);
  });

  test('each kind can be kept', () => {
    const pairs: Pair[] = [
      ['가', 'a'],
      ['가', 'a'],
      ['나', 'b'],
      ['나', 'c'],
      ['다', 'd'],
      ['라', 'd'],
    ];
    const counts = (keep: DuplicateKind[]): Record<string, number> => {
      const verdicts = verdictsOf(pairs, keep).map((line) => line.split(': ')[1]);
      return Object.fromEntries(
        VERDICTS.map((verdict) => [verdict, verdicts.filter((found) => found === verdict).length]),
      );
    };
    expect(counts([])).toEqual({ stays: 3, duplicate_pair: 1, duplicate_ko: 1, duplicate_en: 1 });
    expect(counts(['pair'])).toEqual({ stays: 4, duplicate_pair: 0, duplicate_ko: 1, duplicate_en: 1 });
    expect(counts(['ko'])).toEqual({ stays: 4, duplicate_pair: 1, duplicate_ko: 0, duplicate_en: 1 });
    expect(counts(['ko', 'en', 'pair'])).toEqual({ stays: 6, duplicate_pair: 0, duplicate_ko: 0, duplicate_en: 0 });
  });
});

describe('the split', () => {
  const many: Pair[] = Array.from({ length: 10_000 }, (_, i) => [`한국어 ${i}`, `english ${i}`]);
  const validationOf = (pairs: readonly Pair[], settings: Partial<PrepareSettings> = {}): Set<string> => {
    const { splits } = decide(pairs, settings);
    return new Set(pairs.filter((_, row) => splits[row] === SPLIT.validation).map(([ko]) => ko));
  };

  test('gives validation about its share', () => {
    expect(Math.abs(validationOf(many).size - 2000)).toBeLessThan(200); // 5 sigma
    expect(validationOf(many, { validFraction: 0 }).size).toBe(0);
  });

  test('does not depend on how many pairs there are', () => {
    const [few, all] = [validationOf(many.slice(0, 3000)), validationOf(many)];
    expect([...few].every((ko) => all.has(ko))).toBe(true);
    expect([...all].filter((ko) => Number(ko.slice(4)) < 3000)).toHaveLength(few.size);
  });

  test('differs for another seed', () => {
    const [one, other] = [validationOf(many, { seed: 1 }), validationOf(many, { seed: 2 })];
    const shared = [...one].filter((ko) => other.has(ko)).length;
    expect(Math.abs(shared - 400)).toBeLessThan(100); // 0.2², 5 sigma
  });

  test('keeps pairs linked by shared texts in one split, if duplicates are kept', () => {
    // Chains of five pairs: k0–e0, k0–e1, k1–e1, k1–e2, k2–e2.
    const chains = Array.from({ length: 400 }, (_, c) =>
      [
        [0, 0],
        [0, 1],
        [1, 1],
        [1, 2],
        [2, 2],
      ].map(([ko, en]): Pair => [`한 ${c} ${ko}`, `e ${c} ${en}`]),
    ).flat();
    const { splits } = decide(chains, { keepDuplicates: ['ko', 'en'] });
    const byChain = Array.from({ length: 400 }, (_, c) => new Set(splits.subarray(5 * c, 5 * c + 5)));
    expect(byChain.every((found) => found.size === 1)).toBe(true);
    const validating = byChain.filter((found) => found.has(SPLIT.validation)).length;
    expect(Math.abs(validating - 80)).toBeLessThan(40); // 5 sigma
  });

  test('of linked pairs does not depend on the order of the rows', () => {
    const star = Array.from({ length: 60 }, (_, i): Pair => [`한 ${i >> 2}`, `e ${i >> 2} ${i & 3}`]);
    const sides = (pairs: readonly Pair[]): string[] => {
      const { splits } = decide(pairs, { keepDuplicates: ['ko', 'en'], validFraction: 0.5 });
      return pairs.map((pair, row) => `${pair.join()}: ${splits[row]}`).sort();
    };
    expect(sides([...star].reverse())).toEqual(sides(star));
  });

  test('of linked pairs is that of the first of them by hash', () => {
    const { facts, count } = rowsOf([
      ['가', 'a'],
      ['나', 'b'],
      ['가', 'c'],
      ['다', 'c'],
    ]);
    expect([...groupsByText(facts, Uint32Array.of(3, 1, 0, 2), count)]).toEqual([3, 1, 3, 3]);
    expect([...groupsByText(facts, Uint32Array.of(2, 0, 1, 3), count)]).toEqual([2, 1, 2, 2]);
  });

  test('by position trains on the first pairs and validates on the last', () => {
    const sidesOf = (settings: Partial<PrepareSettings>): string =>
      decideByPlace(rowsOf(many.slice(0, 10)), { ...PREPARE_DEFAULTS, shuffle: false, ...settings }).splits.join('');
    expect(sidesOf({})).toBe('1111111122');
    expect(sidesOf({ samples: 5 })).toBe('1111200000');
    expect(sidesOf({ samples: 5000, validFraction: 0 })).toBe('1111111111');
    expect(sidesOf({ validFraction: 0.99 })).toBe('1222222222');
    expect(sidesOf({ validFraction: 0.16 })).toBe('1111111122');
    expect(sidesOf({ samples: 1 })).toBe('1000000000');
  });
});

describe('a split that the hashes leave empty', () => {
  const moved = (threshold: number, ...hashes: number[]): number =>
    adjustThreshold(threshold, Math.min(...hashes), Math.max(...hashes));
  test('gets the closest pair', () => {
    expect(moved(100, 50, 150)).toBe(100);
    expect(moved(100, 150, 160)).toBe(151);
    expect(moved(100, 50, 60)).toBe(60);
  });
  test('stays empty if asked, or if the only pair is needed for training', () => {
    expect(moved(0, 150, 160)).toBe(0);
    expect(moved(100, 50)).toBe(50);
    expect(moved(100, 150)).toBe(100);
    expect(moved(100, 50, 50)).toBe(50);
  });
});
