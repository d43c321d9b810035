import { describe, expect, test } from 'vitest';
import { RecordCutter } from '../../../src/data/readers/record-cutter.js';
import { readingFolder } from '../reading.js';

const { put, read, expectError } = readingFolder();

const UNCLOSED = 'expected a closing quote, got the next line; close the quotes of the field';

test('the end mark of a text file under DOS is no row', async () => {
  await put('a.csv', 'ko,en\n차,car\n\x1a');
  expect(await read()).toEqual([['차', 'car', 'a.csv:2', 'other']]);
});

describe('CSV and TSV', () => {
  test('are read with a byte order mark, quotes, line breaks in fields and either line ending', async () => {
    await put(
      'a.csv',
      '\ufeffid,ko,en\r\n1,"그녀는 ""안녕"", 했다","She said ""hi"", then\r\nleft"\n\n2,사과,apple\r3,차,car',
    );
    expect(await read(['a.csv'])).toEqual([
      ['그녀는 "안녕", 했다', 'She said "hi", then\r\nleft', 'a.csv:2', 'other'],
      ['사과', 'apple', 'a.csv:5', 'other'],
      ['차', 'car', 'a.csv:6', 'other'],
    ]);
    await put('a.tsv', 'english\tkorea\nred, car\t"빨간\n차"\n');
    expect(await read(['a.tsv'])).toEqual([['빨간\n차', 'red, car', 'a.tsv:2', 'other']]);
  });

  test('of a megabyte are read completely, wherever the chunks end', async () => {
    const rows = Array.from({ length: 20_000 }, (_, i) => [
      `${'가'.repeat(1 + (i % 7))}${i}`,
      `word\n${i}`,
      `a.csv:${2 * i + 2}`,
      'other',
    ]);
    await put('a.csv', `ko,en\n${rows.map(([ko, en]) => `${ko},"${en}"`).join('\n')}`);
    expect(await read(['a.csv'])).toEqual(rows);
  });

  test('report bad rows with their line, and continue', async () => {
    await put('a.csv', 'ko,en\n차,car\n사과\n배,a red, new pear\n감,persimmon\n');
    expect(await read(['a.csv'])).toEqual([
      ['차', 'car', 'a.csv:2', 'other'],
      ['expected 2 fields, got 1; complete the row', 'a.csv:3'],
      ['expected 2 fields, got 3; put fields that hold the separator in quotes', 'a.csv:4'],
      ['감', 'persimmon', 'a.csv:5', 'other'],
    ]);
  });

  test('take quotes in the middle of a field literally', async () => {
    await put('a.csv', 'ko,en\n차,a "red" car\n사과,"apple"s\n');
    expect((await read(['a.csv'])).map(([, en]) => en)).toEqual(['a "red" car', '"apple"s']);
  });

  test('lose a line with an unclosed quote, and none of the rows after it', async () => {
    await put(
      'a.csv',
      'ko,en\n"차","a car"\n"사과","an apple\n"배","a pear"\n"감","a persimmon"\n귤,"a tangerine\n호두,"a walnut"\n밤,a ' +
        'chestnut',
    );
    expect(await read(['a.csv'])).toEqual([
      ['차', 'a car', 'a.csv:2', 'other'],
      [UNCLOSED, 'a.csv:3'],
      ['배', 'a pear', 'a.csv:4', 'other'],
      ['감', 'a persimmon', 'a.csv:5', 'other'],
      [UNCLOSED, 'a.csv:6'],
      ['호두', 'a walnut', 'a.csv:7', 'other'],
      ['밤', 'a chestnut', 'a.csv:8', 'other'],
    ]);
  });

  test('look for the next row after the line with the unclosed quote, even if the row began before it', async () => {
    await put('a.csv', 'ko,en\r\n"빨간\r\n차","a car\r\n사과,apple\r\n"배","a pear\r\n"감","a persimmon"\r\n');
    expect(await read(['a.csv'])).toEqual([
      [`${UNCLOSED} (lines 2 to 3)`, 'a.csv:2'],
      ['사과', 'apple', 'a.csv:4', 'other'],
      [UNCLOSED, 'a.csv:5'],
      ['감', 'a persimmon', 'a.csv:6', 'other'],
    ]);
  });

  test('are not misled by a quote that seems to close the open one', async () => {
    await put('a.csv', 'ko,en\n차,"a car\n사과,", he said"\n배,pear\n');
    expect(await read(['a.csv'])).toEqual([
      [UNCLOSED, 'a.csv:2'],
      ['사과', ', he said', 'a.csv:3', 'other'],
      ['배', 'pear', 'a.csv:4', 'other'],
    ]);
  });

  test('lose one line to an unclosed quote, at the end and a megabyte before it', async () => {
    for (const end of ['', '\n', '\r\n']) {
      await put('a.csv', `ko,en\n차,car\n배,pear\n사과,"apple${end}`);
      expect((await read(['a.csv'])).at(-1)).toEqual([
        'expected a closing quote, got the end of the file; close the quotes of the field',
        'a.csv:4',
      ]);
    }
    await put('c.csv', `ko,en\n차,"car\n${'사과,apple\n'.repeat(100_000)}`);
    const rows = await read(['c.csv']);
    expect(rows).toHaveLength(100_001);
    expect([rows[0], rows[1], rows.at(-1)]).toEqual([
      [UNCLOSED, 'c.csv:2'],
      ['사과', 'apple', 'c.csv:3', 'other'],
      ['사과', 'apple', 'c.csv:100002', 'other'],
    ]);
  });

  test('with an unclosed quote in the header are refused', async () => {
    await put('a.csv', '"ko,en\n차,car\n"배",pear\n');
    await expectError(['a.csv'], `a.csv line 1: ${UNCLOSED}`);
  });

  test('report a row with null bytes as unreadable', async () => {
    await put('a.csv', 'ko,en\n차,car\n사과,ap\0ple\n배,pear\n');
    expect((await read(['a.csv']))[1]).toEqual([
      'expected text, got bytes that are not; correct the row, or save the file as UTF-8',
      'a.csv:3',
    ]);
  });

  test('are split into the same rows wherever the chunks end', () => {
    const text = Buffer.from('a,b\r\n"1\r\n2","x""y"\r\n3,"open\r\n"4","5"\r\n\r"6"z,7\n8,"9');
    const linesOf = (pieces: Buffer[]): unknown[][] => {
      const cutter = new RecordCutter(','.charCodeAt(0), 'a.csv');
      return [...pieces.flatMap((piece) => cutter.cut(piece)), ...cutter.end()].map(
        ({ bytes, line, lastLine, fault }) => [bytes.toString(), line, lastLine, fault],
      );
    };
    const whole = linesOf([text]);
    expect(whole.map((cut) => cut[1])).toEqual([1, 2, 4, 5, 7, 8]);
    for (let size = 1; size < 20; size++) {
      const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, i) =>
        text.subarray(i * size, (i + 1) * size),
      );
      expect(linesOf(pieces)).toEqual(whole);
    }
  });

  test('in single quotes are recognised by their header', async () => {
    await put('a.csv', "'ko','en'\n'가나','a, b'\n'다라','b \"y\", it''s'\n");
    expect((await read(['a.csv'])).map((row) => row.slice(0, 2))).toEqual([
      ['가나', 'a, b'],
      ['다라', 'b "y", it\'s'],
    ]);
  });

  test('lose a row with mismatched quotes, and none after it', async () => {
    await put('a.csv', "ko,en\n'가나','a'\n'다라','b \"y\"'\n배,pear\n");
    const rows = await read(['a.csv']);
    expect(rows).toHaveLength(3);
    expect(rows[2].slice(0, 2)).toEqual(['배', 'pear']);
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

  test('without the columns say what was expected and what was found', async () => {
    const remedy = 'name them with --ko-column and --en-column';
    await put('a.csv', 'sn,jp,en\n1,차,car\n');
    await expectError(['a.csv'], `a.csv line 1: expected a column ko (or korea, korean), got sn, jp, en; ${remedy}`);
    await put('b.csv', 'a;b\n');
    await expectError(
      ['b.csv'],
      `b.csv line 1: expected a column ko (or korea, korean) and a column en (or english), got a, b; ${remedy}`,
    );
    await put('c.csv', 'ko,en\n차,car\n');
    await expectError(['c.csv'], `c.csv line 1: expected a column mt, got ko, en; ${remedy}`, { en: 'mt' });
    await put('d.csv', '');
    await expectError(['d.csv'], 'd.csv: expected a header and rows, got an empty file; download or write it again');
    for (const blank of ['\n \n', '\ufeff\r\n', '\n'.repeat(100_000)]) {
      await put('e.csv', blank);
      await expectError(['e.csv'], 'e.csv: expected a header and rows, got blank lines; download or write it again');
    }
    await put('f.csv', 'ko;en'.replace(';', '，'));
    await expectError(
      ['f.csv'],
      'f.csv line 1: expected a column ko (or korea, korean) and a column en (or english), got ko，en; ' +
        'write a column for each language',
    );
  });

  test('may be longer than the beginning that is examined, or come after long lines', async () => {
    const names = Array.from({ length: 9000 }, (_, i) => `column ${i}`);
    for (const [name, delimiter] of [
      ['a.csv', ','],
      ['b.tsv', '\t'],
    ] as const) {
      for (const isLast of [true, false]) {
        const rowOf = (pair: readonly string[], others: readonly string[]): string =>
          (isLast ? [...others, ...pair] : [...pair, ...others]).join(delimiter);
        const empty = names.map(() => '');
        const rows = [rowOf(['ko', 'en'], names), rowOf(['차', 'car'], empty), rowOf(['배', 'pear'], empty)];
        await put(name, rows.join('\n'));
        expect((await read([name])).map(([ko, en]) => [ko, en])).toEqual([
          ['차', 'car'],
          ['배', 'pear'],
        ]);
      }
    }
    for (const before of [`# ${'x'.repeat(70_000)}\n`, '\n'.repeat(70_000)]) {
      await put('c.csv', `${before}ko,en\n차,car\n`);
      expect((await read(['c.csv'])).map(([ko, en]) => [ko, en])).toEqual([['차', 'car']]);
    }
  });
});
