/** @file A row that is too long costs itself only: it is counted as unreadable, and the rows after it are read. */
import { describe, expect, test } from 'vitest';
import { RecordCutter } from '../../../src/data/readers/record-cutter.js';
import { writeWorkbookParts } from '../archives.js';
import { readingFolder } from '../reading.js';

const { put, read, inFolder, expectError } = readingFolder();

const LONG = '가'.repeat(400_000); // 1.2 MB in UTF-8
const FAULT = 'expected a row of at most 1 MiB, got a longer one; shorten it';
const LINE = 'expected a line of at most 1 MiB, got a longer one; shorten it';

describe('delimited text', () => {
  test.each([
    ['a.csv', `ko,en\n차,car\n${LONG},long\n배,pear\n`],
    ['b.csv', `ko,en\r\n차,car\r\n"${LONG}",long\r\n배,pear\r\n`],
    ['c.csv', `ko,en\r차,car\r"${LONG}",long\r배,pear\r`],
    ['d.tsv', `ko\ten\n차\tcar\n${LONG}\tlong \\"x\n배\tpear\n`],
  ])('%s', async (name, text) => {
    await put(name, text);
    const [first, long, last, ...more] = await read([name]);
    expect([first[0], last[0], last[2], more]).toEqual(['차', '배', `${name}:4`, []]);
    expect(long).toEqual([FAULT, `${name}:3`]);
  });

  test('at the end of a file, and without a line break', async () => {
    await put('a.csv', `ko,en\n차,car\n${LONG},long`);
    expect(await read()).toEqual([
      ['차', 'car', 'a.csv:2', 'other'],
      [FAULT, 'a.csv:3'],
    ]);
  });

  test('of many chunks, then a faulty row', async () => {
    await put('a.csv', `ko,en\n차,car\n${LONG.repeat(8)},long\n배,pear,more\n새,bird\n`);
    const rows = await read();
    expect(rows.map(([text]) => text).slice(0, 2)).toEqual(['차', FAULT]);
    expect(rows[2]).toEqual([expect.stringMatching(/^expected 2 fields, got 3/), 'a.csv:4']);
    expect(rows[3].slice(0, 3)).toEqual(['새', 'bird', 'a.csv:5']);
  });

  test('of lines that backslashes join, however many', () => {
    const cutter = new RecordCutter(','.charCodeAt(0), 'a.csv', { width: 2, isEscaped: true });
    const piece = Buffer.from('abcdefg\\\n'.repeat(1 << 13)); // 72 KiB
    const cuts = Array.from({ length: 64 }, () => cutter.cut(piece)).flat();
    cuts.push(...cutter.cut(Buffer.from('h,i\nj,k\n')), ...cutter.end());
    const faults = cuts.filter(({ fault }) => fault !== undefined);
    expect(faults.length).toBeLessThanOrEqual((64 * piece.length) >> 20);
    expect(cuts.at(-1)).toMatchObject({ bytes: Buffer.from('j,k\n'), line: 64 * (1 << 13) + 2, isSound: true });
  });
});

test('a file that begins with one is refused', async () => {
  await put('a.csv', `${LONG},long\nko,en\n차,car\n`);
  await expect(read()).rejects.toThrow(
    /line 1: expected a row of at most 1 MiB, got a longer one; end rows with a line break/,
  );
});

test('lines of aligned files', async () => {
  await put('x.ko', `차\r\n${LONG}\r\n배\r\n`);
  await put('x.en', 'car\nlong\npear\n');
  const rows = await read();
  expect(rows.map((row) => row[0])).toEqual(['차', LINE, '배']);
});

test('JSON Lines, whose objects may have 16 MiB', async () => {
  const line = (ko: string): string => `{"ko": "${ko}", "en": "x"}\n`;
  await put('a.jsonl', line('차') + line('나'.repeat(6 << 20)) + line('배'));
  const rows = await read();
  expect(rows.map((row) => row[0])).toEqual([
    '차',
    'expected a line of at most 16 MiB, got a longer one; shorten it',
    '배',
  ]);
});

describe('JSON, whose objects may have 16 MiB', () => {
  const object = (ko: string): string => `{"ko": "${ko}", "en": "x"}`;
  const long = '나'.repeat(6 << 20);
  const fault = 'expected an object of at most 16 MiB, got a longer one; close its quotes and brackets, or shorten it';

  test.each([
    ['in the middle of an array', `[${object('차')}, ${object(long)}, ${object('배')}]`, [2]],
    ['first and last in an array', `{"data": [${[long, '차', '배', long].map(object).join()}]}`, [1, 4]],
    ['first in an array under another key', `{"n": 1, "rows": [${[long, '차', '배'].map(object).join()}]}`, [1]],
    ['with brackets inside', `[${object('차')}, {"a": [[{"ko": "${long}"}]]}, ${object('배')}]`, [2]],
    ['outside arrays', ['차', long, '배'].map(object).join('\n\n'), [2]],
    ['outside arrays, first', [long, '차', '배'].map(object).join(',\n'), [1]],
  ])('%s', async (_, text, places) => {
    await put('a.json', text);
    const rows = await read();
    const faulty = places.map((row) => [fault, `a.json:${row}`]);
    expect(rows.filter((row) => row.length === 2)).toEqual(faulty);
    expect(rows.filter((row) => row.length !== 2).map((row) => row[0])).toEqual(['차', '배']);
  });

  test('that ends within one, as by an unclosed quote, is refused', async () => {
    await put('a.json', `[${object('차')}, ${object('배')}, {"ko": "새, "en": "${long}`);
    await expectError(['a.json'], `a.json element 3: ${fault}`);
  });

  test('as a pair that is large for an object outside arrays', async () => {
    await put('a.json', `{"note": "${'x'.repeat(3 << 20)}", "ko": "차", "en": "car"}\n${object('배')}`);
    expect((await read()).map((row) => row[0])).toEqual(['차', '배']);
  });
});

test('cells of a workbook, as texts of their own and as shared strings', async () => {
  const cells = (row: number, ...texts: string[]): string =>
    `<row r="${row}">${texts.map((text) => `<c t="str"><v>${text}</v></c>`).join('')}</row>`;
  const long = '가'.repeat((1 << 20) + 1);
  const shared = '<row r="4"><c t="s"><v>0</v></c><c t="s"><v>1</v></c></row>';
  const rows = [cells(1, 'ko', 'en'), cells(2, '차', 'car'), cells(3, long, 'long'), shared, cells(5, '배', 'pear')];
  writeWorkbookParts(inFolder('a.xlsx'), {
    'xl/worksheets/sheet1.xml': `<worksheet><sheetData>${rows.join('')}</sheetData></worksheet>`,
    'xl/sharedStrings.xml': `<sst><si><t>새</t></si><si><t>${long}</t></si></sst>`,
  });
  const fault = (column: string): string =>
    `expected at most 1048576 characters in ${column}, got more; shorten the text`;
  expect((await read()).map((row) => row[0])).toEqual(['차', fault('ko'), fault('en'), '배']);
});
