import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { workbookBytes, writeWorkbookParts, writeZip } from '../archives.js';
import { readingFolder } from '../reading.js';

const { put, read, find, expectError, inFolder } = readingFolder();

const HEADER = ['SID', '원문', '비고', '번역문'];
const ROWS = [
  HEADER,
  [1, '차 & 배', undefined, 'A <car>'],
  [2, undefined, 'x', 'no Korean'],
  [3, '감', 'x', { error: '#NAME?' }],
  [],
  [5, '집', undefined, 'A house'],
];

const bookOf = (rows: Parameters<typeof workbookBytes>[1], options = {}): Buffer =>
  workbookBytes(inFolder('book.tmp'), rows, options);

describe('a workbook', () => {
  test('is read by its header, with row numbers, from shared strings and from cells', async () => {
    for (const inline of [false, true]) {
      await put('a.xlsx', bookOf(ROWS, { inline }));
      expect(await read()).toEqual([
        ['차 & 배', 'A <car>', 'a.xlsx:2', 'parallel'],
        ['', 'no Korean', 'a.xlsx:3', 'parallel'],
        ['expected text in 번역문, got the error #NAME?; correct the formula', 'a.xlsx:4'],
        ['집', 'A house', 'a.xlsx:6', 'parallel'],
      ]);
    }
  });

  test('in an archive is read as on disk', async () => {
    writeZip(inFolder('a.zip'), [['구어체.xlsx', bookOf(ROWS)]]);
    expect((await read()).map((row) => row.at(-2))).toEqual([
      'a.zip/구어체.xlsx:2',
      'a.zip/구어체.xlsx:3',
      'expected text in 번역문, got the error #NAME?; correct the formula',
      'a.zip/구어체.xlsx:6',
    ]);
  });

  test('may have a title above its header', async () => {
    await put('a.xlsx', bookOf([['말뭉치'], [], HEADER, [1, '차', undefined, 'A car']]));
    expect(await read()).toEqual([['차', 'A car', 'a.xlsx:4', 'parallel']]);
  });

  test('is read completely in many chunks', async () => {
    const rows = Array.from({ length: 10_000 }, (_, i) => [i, `문장 ${i}`, undefined, `Sentence ${i}`]);
    await put('a.xlsx', bookOf([HEADER, ...rows]));
    expect((await read()).map(([ko, en]) => [ko, en])).toEqual(rows.map(([, ko, , en]) => [ko, en]));
  });

  test('may use rich text, phonetic hints, prefixes, escapes, formulas and cells without references', async () => {
    writeWorkbookParts(inFolder('a.xlsx'), {
      'xl/worksheets/sheet1.xml':
        '<x:worksheet xmlns:x="s"><x:sheetData>' +
        '<x:row><x:c t="s"><x:v>0</x:v></x:c><x:c t="s"><x:v>1</x:v></x:c></x:row>' +
        '<x:row r="9"><x:c t="s"><x:v>2</x:v></x:c><x:c t="str"><x:f>A1</x:f><x:v>A_x000D_ car</x:v></x:c></x:row>' +
        '<x:row><x:c t="s"><x:v>7</x:v></x:c><x:c><x:v>12</x:v></x:c></x:row></x:sheetData></x:worksheet>',
      'xl/sharedStrings.xml':
        '<sst><si><t>원문</t></si><si><t>번역문</t></si><si><r><t>빨간 </t></r><r><t>차</t></r><rPh><t>ㅊ</t>' +
        '</rPh></si></sst>',
    });
    expect(await read()).toEqual([
      ['빨간 차', 'A\r car', 'a.xlsx:9', 'parallel'],
      ['expected text in 원문, got string 7 of 3; save it as .xlsx again', 'a.xlsx:10'],
    ]);
  });

  test('may have parts in UTF-16', async () => {
    const sheet =
      '\ufeff<?xml version="1.0" encoding="UTF-16"?><worksheet><sheetData><row><c t="str"><v>ko</v></c><c t="str">' +
      '<v>en</v></c></row><row><c t="str"><v>차</v></c><c t="str"><v>car</v></c></row></sheetData></worksheet>';
    for (const bytes of [Buffer.from(sheet, 'utf16le'), Buffer.from(sheet, 'utf16le').swap16()]) {
      writeWorkbookParts(inFolder('a.xlsx'), { 'xl/worksheets/sheet1.xml': bytes });
      expect(await read()).toEqual([['차', 'car', 'a.xlsx:2', 'other']]);
    }
  });

  test('may have halves of surrogate pairs in its shared strings, which are not joined', async () => {
    const texts = ['원문', '번역문', '_xD83D_', '_xDE00_', ...Array.from({ length: 5000 }, (_, i) => `문장 ${i}`)];
    const cell = (index: number): string => `<c t="s"><v>${index}</v></c>`;
    writeWorkbookParts(inFolder('a.xlsx'), {
      'xl/worksheets/sheet1.xml':
        `<worksheet><sheetData><row>${cell(0)}${cell(1)}</row><row>${cell(2)}${cell(3)}</row>` +
        `<row>${cell(4)}${cell(4500)}</row></sheetData></worksheet>`,
      'xl/sharedStrings.xml': `<sst>${texts.map((text) => `<si><t>${text}</t></si>`).join('')}</sst>`,
    });
    expect((await read()).map(([ko, en]) => [ko, en])).toEqual([
      ['expected text, got bytes that are not; correct the row, or save the file as UTF-8', 'a.xlsx:2'],
      ['문장 0', '문장 4496'],
    ]);
  });

  test('with two sheets of pairs is two sources; a sheet of notes is none', async () => {
    const sheet = (ko: string) =>
      `<worksheet><sheetData><row r="1"><c t="str"><v>ko</v></c><c t="str"><v>en</v></c></row><row ` +
      `r="2"><c t="str"><v>${ko}</v></c><c t="str"><v>x</v></c></row></sheetData></worksheet>`;
    writeWorkbookParts(inFolder('a.xlsx'), {
      'xl/workbook.xml':
        '<workbook xmlns:r="r"><sheets><sheet name="나" r:id="rId1"/><sheet name="가" r:id="rId2"/>' +
        '<sheet name="다" r:id="rId9"/></sheets></workbook>',
      'xl/worksheets/sheet1.xml': sheet('차'),
      'xl/worksheets/sheet2.xml': sheet('배'),
    });
    expect(await read()).toEqual([
      ['배', 'x', 'a.xlsx/가:2', 'other'],
      ['차', 'x', 'a.xlsx/나:2', 'other'],
    ]);
  });
});

describe('a workbook without a header', () => {
  const rows = [
    ['A car', undefined, '차'],
    ['A house', undefined, '집'],
  ];
  const expected = [
    ['차', 'A car', 'a.xlsx:1', 'other'],
    ['집', 'A house', 'a.xlsx:2', 'other'],
  ];

  test('is read from its first row on by column numbers', async () => {
    await put('a.xlsx', bookOf(rows));
    expect(await read(['.'], { ko: '3', en: '1' })).toEqual(expected);
    await expectError(['.'], /got A car, 차; .*give their numbers \(--ko-column 2 --en-column 1\)/);
    await expectError(['.'], /name them/, { ko: '4', en: '1' });
  });

  test('counts empty columns, below a header, too', async () => {
    await put('a.xlsx', bookOf([['text', undefined, 'text'], ...rows]));
    await expectError(['.'], /name them/);
    await put('a.xlsx', bookOf([['en', undefined, 'ko'], ...rows]));
    expect((await read(['.'], { ko: '3', en: '1' })).map(([ko, en]) => [ko, en])).toEqual([
      ['차', 'A car'],
      ['집', 'A house'],
    ]);
  });
});

test('formulas saved without their values are unreadable rows', async () => {
  const text = (value: string): string => `<c t="inlineStr"><is><t>${value}</t></is></c>`;
  const formula = (value: string, type = ''): string => `<c${type}><f>A1</f>${value}</c>`;
  const row = (...cells: string[]): string => `<row>${cells.join('')}</row>`;
  const rows = [
    row(text('ko'), text('en')),
    row(formula('<v></v>'), formula('<v/>')),
    row(text('차'), formula('')),
    row(text('배'), formula('<v></v>', ' t="str"')),
    row(text('집'), formula('<v>A house</v>', ' t="str"')),
  ];
  writeWorkbookParts(inFolder('a.xlsx'), {
    'xl/worksheets/sheet1.xml': `<worksheet><sheetData>${rows.join('')}</sheetData></worksheet>`,
  });
  const fault = (name: string): unknown =>
    expect.stringMatching(
      new RegExp(`^expected text in ${name}, got a formula without its value; open the workbook in`),
    );
  expect(await read()).toEqual([
    [fault('ko'), 'a.xlsx:2'],
    [fault('en'), 'a.xlsx:3'],
    ['배', '', 'a.xlsx:4', 'other'],
    ['집', 'A house', 'a.xlsx:5', 'other'],
  ]);
});

describe('a file that is not a workbook', () => {
  test('is named', async () => {
    const csv = 'SID,원문\n1,차\n';
    await put('a.xlsx', csv);
    await expectError(
      ['.'],
      `a.xlsx: expected an Excel workbook (.xlsx), got ${Buffer.byteLength(csv)} bytes that are not a complete one; ` +
        `save it as .xlsx again`,
    );
  });

  test('is named if it is cut short', async () => {
    await put('a.xlsx', bookOf(ROWS));
    truncateSync(inFolder('a.xlsx'), 900);
    await expectError(
      ['.'],
      'a.xlsx: expected an Excel workbook (.xlsx), got 900 bytes that are not a complete one; ' +
        'save it as .xlsx again',
    );
  });

  test('is read if the case of its parts differs, and named if a sheet is missing', async () => {
    const sheet = '<worksheet><row><c t="str"><v>ko</v></c><c t="str"><v>en</v></c></row></worksheet>';
    writeWorkbookParts(inFolder('a.xlsx'), { 'xl/worksheets/sheet1.xml': sheet });
    const whole = readFileSync(inFolder('a.xlsx')).toString('latin1');
    const renamed = (name: string): Buffer => Buffer.from(whole.replaceAll('xl/worksheets/sheet1.xml', name), 'latin1');
    writeFileSync(inFolder('a.xlsx'), renamed('XL/Worksheets/Sheet1.xml'));
    expect((await find()).sources).toHaveLength(1);
    writeFileSync(inFolder('a.xlsx'), renamed('xl/worksheets/sheet9.xml'));
    await expectError(
      ['.'],
      'a.xlsx: expected an Excel workbook (.xlsx), got a zip archive without xl/worksheets/sheet1.xml; save it as ' +
        '.xlsx again',
    );
  });

  test('is named if parts are missing or broken', async () => {
    writeZip(inFolder('a.xlsx'), [['xl/worksheets/sheet1.xml', '']]);
    await expectError(
      ['.'],
      'a.xlsx: expected an Excel workbook (.xlsx), got a zip archive without ' +
        'xl/_rels/workbook.xml.rels; save it as .xlsx again',
    );
    writeWorkbookParts(inFolder('a.xlsx'), { 'xl/worksheets/sheet1.xml': '<worksheet><row></worksheet>' });
    await expectError(
      ['.'],
      /^a\.xlsx: expected XML in the workbook, got something else .+ \(.*unexpected close tag.*\); save it .+$/,
    );
  });

  test.each([
    ['word/document.xml', 'a Word document; copy its table into a workbook'],
    ['ppt/presentation.xml', 'a PowerPoint presentation; copy its texts into a workbook'],
  ])('is recognised if it is another document: %s', async (part, kind) => {
    for (const name of ['a.xlsx', 'a.docx']) {
      writeZip(inFolder(name), [
        ['[Content_Types].xml', ''],
        [part, ''],
      ]);
      const expected = name === 'a.xlsx' ? 'expected an Excel workbook (.xlsx), got ' : '';
      await expectError([name], `${name}: ${expected}${kind}`);
    }
  });

  test('is named once beside other files, with what is wrong', async () => {
    await put('b.csv', 'ko,en\n차,car\n');
    await put('a.xlsx', bookOf(ROWS));
    truncateSync(inFolder('a.xlsx'), 900);
    await put('a.parquet', 'PAR1 and so on, but no end');
    await put('a.arrow', Buffer.concat([Buffer.from('ARROW1\0\0'), Buffer.alloc(64, 1)]));
    for (const { why } of (await find()).skipped) expect(why).toMatch(/^expected (?!.*a\.)/);
    expect((await find()).skipped).toHaveLength(3);
  });

  test('is named if its columns are different', async () => {
    await put(
      'a.xlsx',
      bookOf([
        ['대분류', '문장'],
        ['뉴스', '차'],
      ]),
    );
    await put('b.csv', 'ko,en\n차,car\n');
    expect((await find()).skipped).toEqual([
      {
        file: 'a.xlsx',
        why:
          'expected a column ko (or korea, korean) and a column en (or english), got 대분류, 문장; ' +
          'name them with --ko-column and --en-column, or give their numbers (--ko-column 2 ' +
          '--en-column 1) where there is no header',
      },
    ]);
  });
});
