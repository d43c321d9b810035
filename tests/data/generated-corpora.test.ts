import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Summary } from '../../scripts/corpora/generate.mjs';
import { isUnreadable, type Pair, type Row } from '../../src/data/pair.js';
import { findSources, readSource } from '../../src/data/sources.js';

const ROWS = 2000;
const GENERATOR = path.join(import.meta.dirname, '../../scripts/corpora/generate.mjs');

let folder: string;
let unpacked: Row[];
let packed: Row[];
let planted: Summary;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'kd-generated-'));
  for (const [name, flags] of [
    ['unpacked', []],
    ['packed', ['--zip']],
  ] as const) {
    execFileSync(process.execPath, [
      GENERATOR,
      '--pairs',
      String(ROWS),
      '--out',
      path.join(folder, name),
      '--faults',
      ...flags,
    ]);
  }
  unpacked = await readAll('unpacked');
  packed = await readAll('packed');
  planted = JSON.parse(await readFile(path.join(folder, 'unpacked/planted.json'), 'utf8')) as Summary;
});
afterAll(() => rm(folder, { recursive: true }));

async function readAll(name: string): Promise<Row[]> {
  const rows: Row[] = [];
  const { sources } = await findSources([path.join(folder, name)]);
  for (const source of sources) for await (const row of readSource(source)) rows.push(row);
  return rows;
}

const pairs = (): Pair[] => unpacked.filter((row): row is Pair => !isUnreadable(row));
const countOf = (matches: (pair: { ko: string; en: string }) => boolean): number => pairs().filter(matches).length;

test('all rows are found once, in their corpora', () => {
  expect(unpacked).toHaveLength(ROWS);
  for (const [corpus, { rows, planted: faults }] of Object.entries(planted.corpora)) {
    const own = unpacked.filter((row) => row.corpus === corpus);
    expect([own.length, own.filter(isUnreadable).length]).toEqual([rows, faults.badRow]);
  }
});

test('archives give the same rows in the same order', () => {
  const withoutPlace = ({ file, ...row }: Row) => ({ ...row, file: path.basename(file) });
  expect(packed.map(withoutPlace)).toEqual(unpacked.map(withoutPlace));
});

test('the faults are the planted ones', () => {
  const {
    emptyKorean,
    emptyEnglish,
    blank,
    missing,
    sameText,
    noHangul,
    exactDuplicate,
    longEnglish,
    longKorean,
    badRow,
  } = planted.planted;
  expect(unpacked.filter(isUnreadable)).toHaveLength(badRow);
  expect(countOf(({ ko, en }) => ko.trim() === '' || en.trim() === '')).toBe(
    emptyKorean + emptyEnglish + blank + missing,
  );
  expect(countOf(({ ko, en }) => ko === en)).toBe(sameText);
  expect(
    countOf(({ ko, en }) => ko.trim() !== '' && en.trim() !== '' && !/[\uac00-\ud7a3\u1100-\u11ff]/.test(ko)),
  ).toBe(noHangul);
  expect(countOf(({ ko, en }) => ko.split(' ').length > 77 || en.split(' ').length > 77)).toBe(
    longEnglish + longKorean,
  );
  const different = new Set(pairs().map(({ ko, en }) => JSON.stringify([ko, en])));
  expect(pairs().length - different.size).toBe(exactDuplicate);
  const faults = Object.values(planted.planted).reduce((sum, count) => sum + count, 0);
  expect(planted.clean).toBe(ROWS - faults);
});

test('clean sentences are as long as real ones', () => {
  const lengths = pairs()
    .map(({ ko }) => ko.length)
    .filter((length) => length > 3)
    .sort((a, b) => a - b);
  expect(lengths[0]).toBeGreaterThanOrEqual(15);
  expect(lengths[Math.floor(lengths.length * 0.97)]).toBeLessThanOrEqual(65);
});
