import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readCorpus } from '../../src/data/corpus.js';
import type { ColumnNames } from '../../src/data/columns.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'kd-corpus-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Writes a file and reads it as a corpus: `[ko, en, line]` of each pair. */
async function read(name: string, content: string | Buffer, columns: ColumnNames = {}): Promise<[string, string, number][]> {
  const file = path.join(folder, name);
  await writeFile(file, content);
  const { pairs } = await readCorpus([file], columns);
  expect(new Set(pairs.map((pair) => pair.file))).toEqual(new Set([file]));
  return pairs.map(({ ko, en, row }) => [ko, en, row]);
}

async function expectError(name: string, content: string | Buffer, message: string, columns: ColumnNames = {}): Promise<void> {
  const error = await read(name, content, columns).then(() => undefined, (thrown: unknown) => thrown as Error);
  expect(error?.name).toBe('InputError');
  expect(error?.message.replaceAll(`${folder}/`, '')).toBe(message);
}

describe('CSV and TSV', () => {
  test('are read with a byte order mark, quotes, line breaks in fields and either line end', async () => {
    const content = '\ufeffid,ko,en\r\n1,"그녀는 ""안녕"", 했다","She said ""hi"", then\r\nleft"\n\n2,사과,apple\r3,차,car';
    expect(await read('a.csv', content)).toEqual([
      ['그녀는 "안녕", 했다', 'She said "hi", then\r\nleft', 2],
      ['사과', 'apple', 5],
      ['차', 'car', 6],
    ]);
    expect(await read('a.tsv', 'english\tkorea\nred, car\t"빨간\n차"\n')).toEqual([['빨간\n차', 'red, car', 2]]);
  });

  test('find their columns by any known name, or by the names the user gives', async () => {
    expect(await read('a.csv', 'Korean, EN \n차,car\n')).toEqual([['차', 'car', 2]]);
    expect(await read('a.csv', 'korea,english,en\n차,car,x\n')).toEqual([['차', 'x', 2]]);
    const header = '원문'.normalize('NFD');
    expect(await read('a.csv', `${header},번역문,ko,en\n차,car,x,y\n`, { ko: '원문', en: '번역문' })).toEqual([['차', 'car', 2]]);
  });

  test('of a megabyte arrive whole, wherever the pieces that are read end', async () => {
    const rows = Array.from({ length: 20_000 }, (_, i) => `${'가'.repeat(1 + (i % 7))}${i},word ${i}`);
    const pairs = await read('a.csv', `ko,en\n${rows.join('\n')}`);
    expect(pairs.map(([ko, en]) => `${ko},${en}`)).toEqual(rows);
    expect(pairs.at(-1)![2]).toBe(20_001);
  });

  test('without a column name what was looked for and what was found', async () => {
    await expectError('a.csv', 'sn,kor,en\n1,차,car\n', 'a.csv line 1: expected a column ko (or korea, korean), got sn, kor, en; name them with --ko-column and --en-column');
    await expectError('a.csv', 'a;b\n', 'a.csv line 1: expected a column ko (or korea, korean) and a column en (or english), got a;b; name them with --ko-column and --en-column');
    await expectError('a.csv', 'ko,en\n차,car\n', 'a.csv line 1: expected a column mt, got ko, en; name them with --ko-column and --en-column', { en: 'mt' });
  });

  test('with too few or too many fields in a row name file, line and fields', async () => {
    await expectError('a.csv', 'ko,en\n차,car\n사과\n', 'a.csv line 3: expected 2 fields (ko, en), got 1; complete the row');
    await expectError('a.csv', 'ko,en\n차,a red, new car\n', 'a.csv line 2: expected 2 fields (ko, en), got 3; put fields that hold the separator in quotes');
  });

  test('with misplaced quotes name the line', async () => {
    await expectError('a.csv', 'ko,en\n차,a "red" car\n', 'a.csv line 2: expected quotes around a whole field, got one in the middle; put the field in quotes and write each quote inside it twice');
    await expectError('a.csv', 'ko,en\n차,"car"s\n', 'a.csv line 2: expected quotes around a whole field, got one in the middle; put the field in quotes and write each quote inside it twice');
    await expectError('a.csv', 'ko,en\n차,"car\n사과,apple\n', "a.csv line 2: expected a closing quote, got the end of what was read; close the field's quotes");
  });

  test('that are empty, or hold a header alone, say so', async () => {
    await expectError('a.csv', '', 'a.csv: expected a header and rows, got an empty file');
    await expectError('a.csv', 'ko,en\n', 'a.csv: expected pairs of texts, got none; add rows with both texts');
  });
});

describe('JSON', () => {
  test('arrays are read element by element, whatever stands in their strings', async () => {
    const content = '\ufeff [\n  {"ko": "차, ]}", "en": "a \\"car\\" [\\\\", "more": {"x": [1, 2]}},\n\n  {"english": "apple",\n "korea": "사과"}\n]\n';
    expect(await read('a.json', content)).toEqual([
      ['차, ]}', 'a "car" [\\', 2],
      ['사과', 'apple', 4],
    ]);
  });

  test('arrays of a megabyte arrive whole', async () => {
    const objects = Array.from({ length: 10_000 }, (_, i) => ({ korea: `${'가'.repeat(1 + (i % 7))}\\"${i}`, english: `{[${i},` }));
    const pairs = await read('a.json', JSON.stringify(objects, undefined, 1));
    expect(pairs.map(([korea, english]) => ({ korea, english }))).toEqual(objects);
  });

  test('lines are read one by one, blank ones passed over', async () => {
    expect(await read('a.jsonl', '{"ko": "차", "en": "car\u2028"}\r\n\n{"en": "apple", "ko": "사과"}')).toEqual([
      ['차', 'car\u2028', 1],
      ['사과', 'apple', 3],
    ]);
  });

  test('that is malformed names file and line', async () => {
    await expectError('a.json', '{"data": []}', 'a.json line 1: expected a JSON array of objects, [{"ko": "…", "en": "…"}, …], got {');
    await expectError('a.json', '[{"ko": "차", "en": "car"},\n', 'a.json line 2: expected a JSON array up to its ], got the end of the file');
    await expectError('a.json', '[\n{"ko": "차", "en": "car"},\n]', 'a.json line 3: expected an object before ], got nothing; remove the comma');
    await expectError('a.json', '[{"ko": "차", "en": "car"}]\n]', 'a.json line 2: expected nothing after the array, got ]');
    await expectError('a.json', '[]', 'a.json: expected pairs of texts, got none; add rows with both texts');
    await expectError('a.jsonl', '{"ko": "차", "en": "car"}\n["차", "car"]', 'a.jsonl line 2: expected an object such as {"ko": "…", "en": "…"}, got ["차","car"]');
    for (const name of ['a.json', 'a.jsonl']) {
      const broken = name === 'a.json' ? '[{"ko": "차", "en": "car"},\n{"ko" "사과"}]' : '{"ko": "차", "en": "car"}\n{"ko" "사과"}';
      await expect(read(name, broken)).rejects.toThrow(/a\.jsonl? line 2: expected JSON, got something else \(.+\)$/);
    }
  });

  test('objects without a text, or with something else for one, name file and line', async () => {
    await expectError('a.jsonl', '{"ko": "차", "en": "car"}\n{"ko": "사과"}', 'a.jsonl line 2: expected a column en (or english), got ko; name them with --ko-column and --en-column');
    await expectError('a.json', '[{"ko": "차",\n "en": 5}]', 'a.json line 1: expected text in en, got 5');
  });
});

describe('text that is not UTF-8', () => {
  test('names the line and the byte', async () => {
    const cp949 = Buffer.from([0xbb, 0xe7, 0xb0, 0xfa]); // 사과
    await expectError('a.csv', Buffer.concat([Buffer.from('ko,en\n차,car\n'), cp949, Buffer.from(',apple\n')]), 'a.csv line 3: expected UTF-8 text, got the byte 0xBB; save the file as UTF-8');
    await expectError('a.jsonl', Buffer.from('\xff\xfe{\0', 'latin1'), 'a.jsonl line 1: expected UTF-8 text, got the byte 0xFF; save the file as UTF-8');
  });

  test('is told from the replacement character, and from a character cut off at the end', async () => {
    const content = Buffer.concat([Buffer.from('ko,en\n\ufffd,a\n'), Buffer.from([0xe9, 0x2c])]);
    await expectError('a.csv', content, 'a.csv line 3: expected UTF-8 text, got the byte 0xE9; save the file as UTF-8');
    await expectError('a.csv', Buffer.from('ko,en\n차,차').subarray(0, -1), 'a.csv line 2: expected UTF-8 text, got the byte 0xEC; save the file as UTF-8');
  });
});

describe('a corpus', () => {
  test('of several files keeps their order and counts pairs and drops', async () => {
    await writeFile(path.join(folder, 'b.csv'), 'ko,en\n차,car\n차,car\n,empty\n" ",space\n');
    await writeFile(path.join(folder, 'a.jsonl'), '{"ko": "사과", "en": "apple"}\n{"ko": "배", "en": null}\n');
    await writeFile(path.join(folder, 'c.txt'), '');
    const { pairs, report } = await readCorpus([folder]);
    expect(pairs.map(({ en }) => en)).toEqual(['apple', 'car', 'car']);
    expect(report).toEqual({
      files: [
        { file: path.join(folder, 'a.jsonl'), pairs: 1 },
        { file: path.join(folder, 'b.csv'), pairs: 2 },
      ],
      unrecognised: [path.join(folder, 'c.txt')],
      dropped: new Map([['empty text', { count: 3, examples: ['a.jsonl:2', 'b.csv:4', 'b.csv:5'].map((at) => path.join(folder, at)) }]]),
    });
  });
});
