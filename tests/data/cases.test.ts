/** @file Realistic inputs through `kd prepare`: what is read from them, and what is said about the rest. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../cli.js';
import { kdHere } from '../in-process.js';
import { readTexts } from './prepare/support.js';

const CASES = fileURLToPath(new URL('../fixtures/cases', import.meta.url));
const TINY = fileURLToPath(new URL('../../data/tiny', import.meta.url));

/** Runs `kd prepare` on a case. */
async function prepare(name: string, ...flags: string[]) {
  const out = join(temporaryFolder(), 'out');
  const models = ['--teacher', join(TINY, 'teacher'), '--student', join(TINY, 'student')];
  const args = ['prepare', '--data', join(CASES, name), ...models, '--valid-fraction', '0.5', '--out', out, ...flags];
  return { ...(await kdHere(args)), out };
}

/** The pairs of a case that `kd prepare` keeps, sorted by their English texts, and its messages. */
async function keptOf(name: string, ...flags: string[]): Promise<{ pairs: [ko: string, en: string][]; said: string }> {
  const { code, stderr, out } = await prepare(name, ...flags);
  expect(code, stderr).toBe(0);
  const { training, validation } = await readTexts(out);
  return { pairs: [...training, ...validation].sort(([, a], [, b]) => (a < b ? -1 : 1)), said: stderr };
}

describe('tab-separated files', () => {
  test('have one row per line, and quotes are literal', async () => {
    expect((await keptOf('tsv-quotes/merge.tsv')).pairs).toEqual([
      ['"시작 문장이다', 'the first sentence'],
      ['끝 문장이다"', 'the second sentence'],
      ['셋째 문장이다', 'the third sentence'],
    ]);
    const { pairs } = await keptOf('tsv-quotes/tatoeba.tsv');
    expect(pairs).toHaveLength(6);
    expect(pairs).toContainEqual(['"셋째 "문장" 이다', 'third']);
    expect(pairs).toContainEqual(['"그래” 하고 말했다', '"Yes” he said']);
  });

  test('without a header are read by column numbers', async () => {
    const { pairs } = await keptOf('noheader.tsv', '--ko-column', '2', '--en-column', '1');
    expect(pairs).toEqual([
      ['안녕하세요', 'Hello'],
      ['고마워요', 'Thanks'],
    ]);
    const { code, stderr } = await prepare('noheader.tsv');
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^error: \S+noheader\.tsv line 1: expected a column .+ give their numbers \(--ko-column 2 .+\n$/,
    );
  });
});

describe('dialects of CSV', () => {
  test.each(['semi.csv', 'sep.csv'])('%s: the separator is detected from the header', async (name) => {
    const { pairs } = await keptOf(`csv-dialects/${name}`);
    expect(pairs).toHaveLength(5);
    expect(pairs[0]).toEqual(['빨간 공 0개가 상자 위에 있다', '0 red balls are on a box']);
  });

  test('UTF-16 with tabs, as Excel saves "Unicode Text"', async () => {
    const { pairs } = await keptOf('csv-dialects/excel-unicode.txt');
    expect(pairs).toEqual([
      ['안녕하세요', 'Hello'],
      ['고마워요', 'Thanks'],
    ]);
  });

  test('backslashes before quotes are not stored', async () => {
    expect((await keptOf('csv-dialects/backslash.csv')).pairs).toContainEqual([
      '그는 "네" 라고 했다',
      'He said "yes" then left',
    ]);
  });
});

describe('are detected by content, not by name', () => {
  test.each([
    ['json-by-content/lines.json', 3],
    ['nested-translation.jsonl', 5],
    ['pairs.csv.gz', 2],
    ['moses', 2],
    ['moses/corpus.ko', 2],
    ['moses/corpus.en', 2],
  ])('%s', async (name, count) => {
    expect((await keptOf(name)).pairs).toHaveLength(count);
  });
});

describe('that systems and Excel leave beside data are skipped', () => {
  test('that systems and Excel leave beside data are skipped', async () => {
    const { pairs, said } = await keptOf('excel-lock-file');
    expect(pairs).toHaveLength(5);
    expect(said).not.toContain('~$');
  });

  test.each([
    ['mix', /people\.csv: line 2: expected text in UTF-8 or code page 949, got the byte 0xE9/],
    ['mix2', /tsconfig\.json: expected a JSON array of objects, .+ got \//],
  ])('in the folder %s are named, and do not end the run', async (name, reason) => {
    const { pairs, said } = await keptOf(name);
    expect(pairs).toHaveLength(2);
    expect(said).toMatch(reason);
  });
});
