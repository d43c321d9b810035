import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadDataset, type DatasetOptions } from '../../src/data/dataset.js';
import { loadTokenizer, type TextTokenizer } from '../../src/text/tokenizer.js';

const PARITY = path.join(import.meta.dirname, '../fixtures/parity');

let folder: string;
let tokenizers: { teacher: TextTokenizer; student: TextTokenizer };
let options: DatasetOptions;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'kd-dataset-'));
  const rows = Array.from({ length: 10 }, (_, i) => `그림 ${i},picture ${i}`);
  await writeFile(path.join(folder, 'a.csv'), ['ko,en', ...rows, ',empty', `${'그림 '.repeat(90)},long`].join('\n'));
  await writeFile(path.join(folder, 'notes.txt'), '');
  tokenizers = {
    teacher: await loadTokenizer(path.join(PARITY, 'teacher')),
    student: await loadTokenizer(path.join(PARITY, 'student')),
  };
  options = { paths: [folder], validFraction: 0.2, shuffle: true, seed: 7 };
});
afterAll(() => rm(folder, { recursive: true }));

test('a dataset holds the pairs in the order they train and validate in, and their ids', async () => {
  const { pairs, table, train, validation } = await loadDataset(options, tokenizers);
  expect([[...train], [...validation]]).toEqual([[0, 1, 2, 3, 4, 5, 6, 7, 8], [9, 10]]);
  expect(pairs.map(({ row }) => row).sort((a, b) => a - b)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13]);
  for (const [row, { en, ko }] of pairs.entries()) {
    const ids = new Int32Array(3 * 77);
    table.teacherEn.copyRow(row, ids, 0);
    table.studentEn.copyRow(row, ids, 77);
    table.studentKo.copyRow(row, ids, 154);
    const { teacher, student } = tokenizers;
    expect([...ids]).toEqual([teacher.encode(en), student.encode(en), student.encode(ko)].flatMap((text) => [...text.ids]));
  }
});

test('a dataset tells what was not read, dropped, cut and not there', async () => {
  const { notices } = await loadDataset({ ...options, samples: 100 }, tokenizers);
  expect(notices.map((notice) => notice.replaceAll(`${folder}/`, ''))).toEqual([
    '100 samples were asked for and there are 11 pairs: all of them are used',
    'notes.txt: not a kind of file that holds pairs; not read',
    '1 pairs dropped, empty text: a.csv:12',
    "1 texts (Korean, by the student's tokenizer) are longer than 77 tokens and cut there",
  ]);
});

test('a fingerprint stands for the texts and their order', async () => {
  const { fingerprint } = await loadDataset(options, tokenizers);
  expect(fingerprint).toMatch(/^[0-9a-f]{64}$/);
  expect((await loadDataset(options, tokenizers)).fingerprint).toBe(fingerprint);
  expect((await loadDataset({ ...options, seed: 8 }, tokenizers)).fingerprint).not.toBe(fingerprint);
});

test('progress is told while pairs are read and encoded', async () => {
  const file = path.join(folder, 'many.csv');
  await writeFile(file, `ko,en\n${'차,car\n'.repeat(2500)}`);
  const read: number[] = [];
  const encoded: number[] = [];
  await loadDataset({ ...options, paths: [file] }, tokenizers, { onRead: (n) => read.push(n), onEncoded: (n) => encoded.push(n) });
  await rm(file);
  expect(read).toEqual([1000, 2000]);
  expect(encoded.at(-1)).toBe(7500);
});
