import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readStsFile } from '../../src/evaluate/sts-file.js';
import { temporaryFolder } from '../cli.js';

const PAIRS = [
  { score: 4.2, sentence1: '한 남자가 "기타"를 친다', sentence2: '남자가 기타를 연주한다' },
  { score: 0, sentence1: 'a dog, asleep', sentence2: '비행기가 이륙한다' },
];
const ROWS = PAIRS.map(({ score, sentence1, sentence2 }) => [String(score), sentence1, sentence2]);

function file(name: string, text: string | Buffer): string {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, text);
  return path;
}

const lines = (rows: readonly (readonly string[])[], separator: string, end = '\n'): string =>
  rows.map((row) => row.join(separator) + end).join('');

const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
const quotedIfNeeded = (text: string): string => (/[",]/.test(text) ? quoted(text) : text);

describe('judged pairs', () => {
  it.each([
    [
      'KorSTS',
      'sts-test.tsv',
      lines(
        [
          ['genre', 'filename', 'year', 'id', 'score', 'sentence1', 'sentence2'],
          ...ROWS.map((row) => ['main', 'MSR', '2012', '0001', ...row]),
        ],
        '\t',
      ),
    ],
    [
      'STS-B without a header',
      'sts.txt',
      lines(
        ROWS.map((row) => ['main', 'MSR', '2012', '0001', ...row]),
        '\t',
      ),
    ],
    [
      'a label beside the score',
      'b.tsv',
      lines([['label', 'score', 'sentence1', 'sentence2'], ...ROWS.map((row) => ['1', ...row])], '\t'),
    ],
    ['three columns without a header, after Windows', 'three.tsv', `\ufeff${lines(ROWS, '\t', '\r\n')}\r\n`],
    [
      'a header in another order',
      'other.tsv',
      lines([['Sentence1', 'sentence2', 'Score'], ...ROWS.map(([score, a, b]) => [a, b, score])], '\t'),
    ],
    ...[';', '|', '\t', ','].map((separator): [string, string, string] => [
      `the separator ${separator} and decimal commas, whatever the name says`,
      separator === ';' ? 'sts.tsv' : 'sts.csv',
      `score${separator}sentence1${separator}sentence2\n${ROWS.map(([score, ...sentences]) =>
        [score.replace('.', ','), ...sentences].map(quoted).join(separator),
      ).join('\n')}`,
    ]),
    [
      'semicolons without a header, as Excel saves them',
      'sts.csv',
      `sep=;\r\n${lines(
        ROWS.map(([score, a, b]) => [quotedIfNeeded(a), quotedIfNeeded(b), score.replace('.', ',')]),
        ';',
        '\r\n',
      )}`,
    ],
    [
      'commas in a .txt',
      'sts.txt',
      `score,sentence1,sentence2\n${lines(
        ROWS.map((row) => row.map(quoted)),
        ',',
      )}`,
    ],
    [
      'Korean names',
      'sts.csv',
      `문장 1,문장 2,점수\n${lines(
        ROWS.map(([score, a, b]) => [a, b, score].map(quoted)),
        ',',
      )}`,
    ],
    ['CSV', 'sts.csv', `score,sentence1,sentence2\n${ROWS.map((row) => row.map(quoted).join(',')).join('\n')}`],
    [
      'STS-B as it is handed out: tabs in a .csv, and sources after some rows',
      'sts-test.csv',
      ROWS.map((row, i) =>
        lines([['main', 'MSR', '2012', '0001', ...row, ...(i === 1 ? ['http://a', 'http://b'] : [])]], '\t'),
      ).join(''),
    ],
    [
      'STS-B in other languages: the score last',
      'stsb-en-test.csv',
      ROWS.map(([score, ...texts]) => [...texts.map(quoted), score].join(',')).join('\n'),
    ],
    [
      'a TSV in which quotes enclose what holds a comma or a quote, as pandas and Excel write it',
      'quoted.tsv',
      lines([['score', 'sentence1', 'sentence2'], ...ROWS.map((row) => row.map(quotedIfNeeded))], '\t', '\r\n'),
    ],
    [
      'a TSV in which all fields are quoted',
      'all-quoted.tsv',
      lines(
        [['score', 'sentence1', 'sentence2'], ...ROWS].map((row) => row.map(quoted)),
        '\t',
      ),
    ],
    ['JSON Lines', 'sts.jsonl', `\ufeff${PAIRS.map((pair) => `${JSON.stringify(pair)}\r\n`).join('\r\n')}`],
    [
      'JSON Lines in a .json, with labels as in KLUE-STS',
      'lines.json',
      PAIRS.map(({ score, ...pair }) => `${JSON.stringify({ ...pair, labels: { 'real-label': score } })}\n`).join(''),
    ],
    [
      'JSON with a label, and other names of the sentences',
      'label.json',
      JSON.stringify(
        PAIRS.map(({ score, sentence1, sentence2 }) => ({
          label: score,
          score: null,
          sentence_1: sentence1,
          Sentence2: sentence2,
        })),
      ),
    ],
    [
      'KLUE-STS',
      'klue-sts.json',
      JSON.stringify(
        PAIRS.map(({ score, ...sentences }) => ({
          guid: 'klue',
          ...sentences,
          labels: { label: 1, 'real-label': score, 'binary-label': 0 },
        })),
      ),
    ],
  ])('are read from %s', async (_, name, text) => {
    expect(await readStsFile(file(name, text))).toEqual(PAIRS);
  });

  it.each([
    ['the hub, with labels in a structure', 'klue-sts.parquet', 4.2],
    ['pandas, with scores that are integers', 'int-scores.parquet', 4],
  ])('are read from Parquet of %s', async (_, name, score) => {
    const path = fileURLToPath(new URL(`../fixtures/sts/${name}`, import.meta.url));
    expect(await readStsFile(path)).toEqual([{ ...PAIRS[0], score }, PAIRS[1]]);
    const renamed = file('a.tsv', readFileSync(path));
    expect(await readStsFile(renamed)).toHaveLength(2);
    const half = file('half.parquet', readFileSync(path).subarray(0, 500));
    await expect(readStsFile(half)).rejects.toThrow('half.parquet: expected a whole Parquet file, got 500 bytes');
  });

  it('are read from files compressed by gzip', async () => {
    const csv = lines([['score', 'sentence1', 'sentence2'], ...ROWS.map((row) => row.map(quotedIfNeeded))], ',');
    expect(await readStsFile(file('a.csv.gz', gzipSync(csv)))).toEqual(PAIRS);
    expect(await readStsFile(file('a.json.gz', gzipSync(JSON.stringify(PAIRS))))).toEqual(PAIRS);
    const half = file('b.csv.gz', gzipSync(csv).subarray(0, 60));
    await expect(readStsFile(half)).rejects.toThrow('b.csv.gz: expected at most 67108864 bytes compressed by gzip');
    const twice = file('c.csv.gz.gz', gzipSync(gzipSync(csv)));
    await expect(readStsFile(twice)).rejects.toThrow('got a gzip file within a gzip file; unpack it');
  });

  it.each([
    ['a.tsv', '', 'expected judged pairs, got an empty file'],
    [
      'a.tsv',
      'x\ty\n1\ta\n',
      'line 1: expected a header with score, sentence1 and sentence2, or these three as columns, got "x", "y"',
    ],
    ['a.tsv', '1\ta\tb\nhigh\tc\td\n', 'line 2: expected a score, got "high"'],
    ['a.csv', 'm\tf\t1\t2\t1\ta\tb\nm\tf\t1\t2\t1\ta\n', 'line 2: expected 7 to 9 columns, got 6'],
    [
      'a.csv',
      'score;sentence1;sentence2\n1,5;a;b\n2;c;d\n2.5;e;f\n',
      'line 2: expected decimal points, or decimal commas, in all scores, got "1,5", and "2.5" in line 4; use one',
    ],
    ['a.csv', '1.234,5;a;b\n1;c;d\n', 'line 1: expected a header with score, sentence1 and sentence2, or'],
    ['a.xlsx', 'PK\x03\x04', 'expected judged pairs as text or Parquet, got a workbook or another archive; save them'],
    ['a.tsv', '1\ta\tb\n\n2\tc\n', 'line 3: expected 3 columns, got 2'],
    ['a.tsv', '1\ta\tb\n2\tc\t \n', 'line 2: expected two sentences, got an empty one'],
    ['a.tsv', '0x1\ta\tb\n2\tc\td\n', 'line 1: expected a header with score, sentence1 and sentence2, or'],
    ['a.tsv', 'score\tsentence1\tsentence2\n0x1\ta\tb\n', 'line 2: expected a score, got "0x1"'],
    [
      'a.csv',
      'score,sentence1,Sentence1,sentence2\n1,a,b,c\n2,d,e,f\n',
      'line 1: expected one column sentence1, got 2 of that name; leave one, or rename the others',
    ],
    ['a.tsv', '1\ta\tb\n1\tc\td\n', 'expected at least two pairs with different scores, got 2 with the same'],
    ['a.json', '{}', 'expected an array of judged pairs'],
    ['a.json', '[', 'expected JSON'],
    ['a.json', '[{"sentence1": "a", "sentence2": "b"}]', 'item 1: expected a score, got none'],
    ['a.json', '[{"sentence1": 5, "sentence2": "b", "score": 1}]', 'item 1: expected two sentences, got 5'],
    ['a.json', '[{"sentence1": "a", "score": 1}]', 'item 1: expected two sentences, got none'],
    ['a.json', '{"data": []}\n', 'expected an array of judged pairs, as in KLUE-STS, got an object'],
    ['a.jsonl', '{"sentence1": "a", "sentence2": "b", "score": 1}\n\n{"sentence1": \n', 'line 3: expected JSON'],
    ['a.jsonl', '[1]\n', 'line 1: expected an object'],
  ])('%s with %j are refused', async (name, text, message) => {
    await expect(readStsFile(file(name, text))).rejects.toThrow(message);
  });
});
