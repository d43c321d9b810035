import { describe, expect, test } from 'vitest';
import { visibleText } from '../../../src/data/prepare/cleaning.js';
import { hashBytes, hashPair } from '../../../src/data/prepare/hash.js';
import { randomSource } from '../../../src/data/shuffle.js';
import { checksums, newFolder, prepareInto, readTexts, writePairs } from './support.js';

type Pair = [ko: string, en: string];

const LONG = `${'word '.repeat(80)}end`;

/** The texts of both splits of a store. */
async function keptOf(out: string): Promise<Pair[]> {
  const { training, validation } = await readTexts(out);
  return [...training, ...validation].map(([ko, en]) => [ko, en]);
}

/** The pairs that should be kept, computed one by one: those that fit, in the order of their hashes, each text once. */
function expectedOf(pairs: readonly Pair[]): string[] {
  const hashOf = (pair: Pair): bigint => {
    const [ko, en] = pair.map((text) => {
      const [bytes, out] = [Buffer.from(visibleText(text)), new Uint32Array(2)];
      hashBytes(bytes, 0, bytes.length, out);
      return out;
    });
    const out = new Uint32Array(2);
    hashPair(ko, en, out);
    return (BigInt(out[1]) << 32n) | BigInt(out[0]);
  };
  const fits = (text: string): boolean => text.split(' ').length + 2 <= 77;
  const fitting = pairs.filter((pair) => pair.every(fits)).map((pair) => ({ pair, hash: hashOf(pair) }));
  fitting.sort((a, b) => (a.hash < b.hash ? -1 : a.hash > b.hash ? 1 : 0));
  const seen = new Set<string>();
  const kept = fitting.filter(({ pair: [ko, en] }) => {
    if (seen.has(`ko ${ko}`) || seen.has(`en ${en}`)) return false;
    seen.add(`ko ${ko}`).add(`en ${en}`);
    return true;
  });
  return kept.map(({ pair }) => pair.join(' | ')).sort();
}

describe('a pair that is too long', () => {
  test('does not drop others with the same text, in either order', async () => {
    for (let i = 0; i < 20; i++) {
      const pairs: Pair[] = [
        [`긴 ${LONG} ${i}`, `a ball ${i}`],
        [`빨간 공 ${i}`, `a ball ${i}`],
        [`빨간 공 ${i}`, `${LONG} ${i}`],
      ];
      const out = newFolder();
      const { total } = await prepareInto(out, [writePairs(pairs)]);
      expect(await keptOf(out)).toEqual([pairs[1]]);
      expect(total).toMatchObject({ read: 3, dropped: { too_long: 2 }, training: 1, validation: 0, not_sampled: 0 });
    }
  });

  test('is counted as such in all its copies', async () => {
    const pairs: Pair[] = [
      ['가', LONG],
      ['가', LONG],
      ['나', 'b'],
      ['다', LONG],
      ['다', LONG],
      ['다', 'd'],
      ['라', 'e'],
      ['라', 'e'],
    ];
    const { total } = await prepareInto(newFolder(), [writePairs(pairs)]);
    expect(total.dropped).toEqual({ too_long: 4, duplicate_pair: 1 });
    expect(total.training + total.validation).toBe(3);
  });

  test('does not count among pairs that share texts', async () => {
    const random = randomSource(15);
    for (let round = 0; round < 10; round++) {
      const textOf = (kind: string): string => `${kind}${random() % 25}${random() % 4 === 0 ? ` ${LONG}` : ''}`;
      const pairs = Array.from({ length: 150 }, (): Pair => [textOf('가'), textOf('a')]);
      const out = newFolder();
      const { total, lengths } = await prepareInto(out, [writePairs(pairs)]);
      const kept = (await keptOf(out)).map((pair) => pair.join(' | ')).sort();
      expect(kept).toEqual(expectedOf(pairs));
      expect(total.dropped.too_long).toBe(pairs.filter((pair) => pair.some((text) => text.includes(LONG))).length);
      const dropped = Object.values(total.dropped).reduce((sum, count) => sum + count, 0);
      expect(dropped + total.training + total.validation).toBe(pairs.length);
      expect(lengths.student_ko.reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(kept.length);
    }
  });
});

describe('texts that look the same', () => {
  test('count as one, of which the plainly written one is kept, whatever the order of the files', async () => {
    const variants: Pair[] = [
      ['빨간\u200b 공', 'a red ball'],
      ['빨간 공', 'a red\u2060 ball'],
      ['빨간 공', 'a red ball'],
      ['\u3164빨간 공', 'a red ball'],
    ];
    for (const pairs of [variants, [...variants].reverse()]) {
      const out = newFolder();
      const { total } = await prepareInto(out, [writePairs(pairs)]);
      expect(await keptOf(out)).toEqual([['빨간 공', 'a red ball']]);
      expect(total.dropped).toEqual({ duplicate_pair: 3 });
    }
  });

  test('count as one even if all have invisible characters; the choice does not depend on file names', async () => {
    const emoji: Pair[] = [
      ['가족 👩‍👩‍👧', 'family ❤️'],
      ['가족 👩👩👧', 'family ❤️'],
      ['가족 👩‍👩‍👧', 'family ❤'],
      ['나', 'b'],
      ['다', 'c'],
    ];
    const stores = await Promise.all(
      [emoji, [...emoji].reverse()].map(async (pairs) => {
        const out = newFolder();
        await prepareInto(
          out,
          pairs.map((pair, i) => writePairs([pair], `${i}.csv`)),
        );
        return checksums(out);
      }),
    );
    expect(stores[1]).toEqual(stores[0]);
  });

  test('are in the same split, and keep emoji intact, if duplicates are kept', async () => {
    const pairs = Array.from({ length: 200 }, (_, i): Pair[] => [
      [`가족 ${i} 👩‍👩‍👧`, `family ${i}`],
      [`가족 ${i} 👩👩👧`, `a family ${i}`],
      [`가\u00ad족 ${i} 👩👩👧`, `a family ${i}`],
    ]).flat();
    const out = newFolder();
    const { total } = await prepareInto(out, [writePairs(pairs)], { keepDuplicates: ['pair', 'ko', 'en'] });
    expect(total.dropped).toEqual({});
    const { training, validation } = await readTexts(out);
    const texts = (split: Pair[]): Set<string> => new Set(split.map(([ko]) => visibleText(ko)));
    const shared = [...texts(training)].filter((text) => texts(validation).has(text));
    expect(shared).toEqual([]);
    expect([...training, ...validation].filter(([ko]) => ko.endsWith('👩‍👩‍👧'))).toHaveLength(200);
  });
});
