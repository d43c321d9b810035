import { describe, expect, test } from 'vitest';
import { readingFolder } from '../reading.js';

const { put, read, expectError } = readingFolder();

describe('CSV and TSV', () => {
  test('are read with a byte order mark, quotes, line breaks in fields and either line end', async () => {
    await put('a.csv', '\ufeffid,ko,en\r\n1,"그녀는 ""안녕"", 했다","She said ""hi"", then\r\nleft"\n\n2,사과,apple\r3,차,car');
    expect(await read(['a.csv'])).toEqual([
      ['그녀는 "안녕", 했다', 'She said "hi", then\r\nleft', 'a.csv:2', 'other'],
      ['사과', 'apple', 'a.csv:5', 'other'],
      ['차', 'car', 'a.csv:6', 'other'],
    ]);
    await put('a.tsv', 'english\tkorea\nred, car\t"빨간\n차"\n');
    expect(await read(['a.tsv'])).toEqual([['빨간\n차', 'red, car', 'a.tsv:2', 'other']]);
  });

  test('of a megabyte arrive whole, wherever the pieces that are read end', async () => {
    const rows = Array.from({ length: 20_000 }, (_, i) => [`${'가'.repeat(1 + (i % 7))}${i}`, `word\n${i}`, `a.csv:${2 * i + 2}`, 'other']);
    await put('a.csv', `ko,en\n${rows.map(([ko, en]) => `${ko},"${en}"`).join('\n')}`);
    expect(await read(['a.csv'])).toEqual(rows);
  });

  test('give bad rows as such, with their line, and go on', async () => {
    await put('a.csv', 'ko,en\n차,car\n사과\n배,a red, new pear\n감,persimmon\n');
    expect(await read(['a.csv'])).toEqual([
      ['차', 'car', 'a.csv:2', 'other'],
      ['expected 2 fields, got 1; complete the row', 'a.csv:3'],
      ['expected 2 fields, got 3; put fields that hold the separator in quotes', 'a.csv:4'],
      ['감', 'persimmon', 'a.csv:5', 'other'],
    ]);
  });

  test('take quotes in the middle of a field for what they are', async () => {
    await put('a.csv', 'ko,en\n차,a "red" car\n사과,"apple"s\n');
    expect((await read(['a.csv'])).map(([, en]) => en)).toEqual(['a "red" car', '"apple"s']);
  });

  test('lose the rows that a quote left open runs into, and no more', async () => {
    await put('a.csv', 'ko,en\n"차","a car"\n"사과","an apple\n"배","a pear"\n"감","a persimmon"\n귤,"a tangerine\n호두,"a walnut"\n밤,a chestnut');
    expect(await read(['a.csv'])).toEqual([
      ['차', 'a car', 'a.csv:2', 'other'],
      ['expected 2 fields, got 3; put fields that hold the separator in quotes (lines 3 to 4)', 'a.csv:3'],
      ['감', 'a persimmon', 'a.csv:5', 'other'],
      ['expected a closing quote, got the next row (lines 6 to 7)', 'a.csv:6'],
      ['밤', 'a chestnut', 'a.csv:8', 'other'],
    ]);
  });

  test('with a quote that nothing closes name the line it opens on', async () => {
    await put('a.csv', 'ko,en\n차,car\n사과,"apple\n배,pear\n');
    await expectError(['a.csv'], "a.csv line 3: expected a closing quote, got the end of what was read; close the field's quotes");
    await put('b.csv', `ko,en\n차,"car\n${'사과,apple\n'.repeat(200_000)}`);
    await expectError(['b.csv'], 'b.csv line 2: expected a row of at most 1 MiB, got a longer one; close its quotes, and end rows with a line break');
  });

  test('find their columns by any known name, or by the names the user gives', async () => {
    await put('a.csv', 'Korean, EN \n차,car\n');
    await put('b.csv', 'korea,english,en\n차,car,x\n');
    await put('c.csv', `${'원문'.normalize('NFD')},번역문,ko,en\n차,car,x,y\n`);
    expect((await read(['a.csv'])).map(([ko, en]) => [ko, en])).toEqual([['차', 'car']]);
    expect((await read(['b.csv'])).map(([ko, en]) => [ko, en])).toEqual([['차', 'x']]);
    expect(await read(['c.csv'], { ko: 'ko', en: 'EN' })).toEqual([['x', 'y', 'c.csv:2', 'parallel']]);
    expect(await read(['c.csv'])).toEqual([['차', 'car', 'c.csv:2', 'parallel']]);
  });

  test('without their columns say what was looked for and what was found', async () => {
    const remedy = 'name them with --ko-column and --en-column';
    await put('a.csv', 'sn,kor,en\n1,차,car\n');
    await expectError(['a.csv'], `a.csv line 1: expected a column ko (or korea, korean), got sn, kor, en; ${remedy}`);
    await put('b.csv', 'a;b\n');
    await expectError(['b.csv'], `b.csv line 1: expected a column ko (or korea, korean) and a column en (or english), got a;b; ${remedy}`);
    await put('c.csv', 'ko,en\n차,car\n');
    await expectError(['c.csv'], `c.csv line 1: expected a column mt, got ko, en; ${remedy}`, { en: 'mt' });
    await put('d.csv', '');
    await expectError(['d.csv'], 'd.csv: expected a header and rows, got an empty file');
  });
});
