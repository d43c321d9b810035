import { copyFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { InputError } from '../../../src/base/errors.js';
import { openWorkbook } from '../../../src/data/readers/workbook.js';
import { writeWorkbookParts, writeZip } from '../archives.js';
import { readingFolder } from '../reading.js';

const { put, read, inFolder } = readingFolder();
const FORMATS = fileURLToPath(new URL('../../fixtures/formats', import.meta.url));

const HEADER = '<row r="1"><c t="str"><v>ko</v></c><c t="str"><v>en</v></c></row>';
const sheetOf = (cells: string): string =>
  `<worksheet><sheetData>${HEADER}<row r="2">${cells}</row></sheetData></worksheet>`;
const KO = '<c t="str"><v>값</v></c>';

describe('values of a workbook', () => {
  test('are texts as Excel shows them, in hidden rows and sheets, too', async () => {
    copyFileSync(path.join(FORMATS, 'values.xlsx'), inFolder('values.xlsx'));
    const rows = await read();
    expect(rows.filter(([ko]) => ko.startsWith('값')).map(([, en]) => en)).toEqual([
      '2024-03-15',
      '2024-03-15 13:30:00', // in a hidden row
      '13:30',
      '3월 15일',
      '50%',
      '12.34%',
      '1,234,567.89',
      '₩1,234,567',
      '1 1/2',
      '0.3',
      '42',
      '1e+21',
      '012',
      'TRUE',
      'FALSE',
      '00420',
    ]);
    expect(rows.map((row) => row.slice(0, 2))).toContainEqual(['숨은 시트', 'a hidden sheet']);
    expect(rows.map(([fault]) => fault)).toContain('expected text in en, got the error #N/A; correct the formula');
  });

  test.each([
    ['a date by ISO 8601, as in strict workbooks', '<c t="d"><v>2024-03-15T00:00:00.000</v></c>', '2024-03-15'],
    ['a moment by ISO 8601', '<c t="d"><v>2024-03-15T13:30:00</v></c>', '2024-03-15 13:30:00'],
    ['a built-in date', '<c s="1"><v>45366</v></c>', '2024-03-15'],
    ['a formula with its value', '<c t="str"><f>A1&amp;"!"</f><v>a car!</v></c>', 'a car!'],
    ['an invalid format', '<c s="2"><v>7</v></c>', '7'],
    ['a format that hides the value', '<c s="3"><v>7</v></c>', '7'],
    ['a style that does not exist', '<c s="99"><v>7</v></c>', '7'],
    ['rich text in the cell', '<c t="inlineStr"><is><r><t>a </t></r><r><t>car</t></r></is></c>', 'a car'],
    ['CDATA', '<c t="inlineStr"><is><t><![CDATA[a <car>]]></t></is></c>', 'a <car>'],
  ])('such as %s', async (_, cell, expected) => {
    writeWorkbookParts(inFolder('a.xlsx'), {
      'xl/worksheets/sheet1.xml': sheetOf(KO + cell),
      'xl/styles.xml':
        '<styleSheet><numFmts><numFmt numFmtId="164" formatCode="[[?"/><numFmt numFmtId="165" ' +
        'formatCode=";;;"/></numFmts>' +
        '<cellStyleXfs><xf numFmtId="9"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf ' +
        'numFmtId="164"/><xf numFmtId="165"/></cellXfs></styleSheet>',
      'xl/_rels/workbook.xml.rels':
        '<Relationships><Relationship Id="rId1" Type="t/worksheet" ' +
        'Target="worksheets/sheet1.xml"/><Relationship Id="rId2" ' +
        'Type="http://purl.oclc.org/ooxml/officeDocument/relationships/styles" ' +
        'Target="/xl/styles.xml"/></Relationships>',
    });
    expect((await read()).map(([, en]) => en)).toEqual([expected]);
  });

  test('count days from 1904 if the workbook does', async () => {
    writeWorkbookParts(inFolder('a.xlsx'), {
      'xl/workbook.xml':
        '<workbook xmlns:r="r"><workbookPr date1904="1"/><sheets><sheet name="가" r:id="rId1"/></sheets></workbook>',
      'xl/worksheets/sheet1.xml': sheetOf(`${KO}<c s="0"><v>43904</v></c>`),
      'xl/styles.xml': '<styleSheet><cellXfs><xf numFmtId="14"/></cellXfs></styleSheet>',
      'xl/_rels/workbook.xml.rels':
        '<Relationships><Relationship Id="rId1" Type="t/worksheet" ' +
        'Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="t/styles" Target="styles.xml"/></Relationships>',
    });
    expect((await read()).map(([, en]) => en)).toEqual(['2024-03-15']);
  });
});

describe('a file called .xlsx that is not one is reported with advice', () => {
  const compound = (directory: string): Buffer => {
    const bytes = Buffer.alloc(1536);
    Buffer.from('d0cf11e0a1b11ae1', 'hex').copy(bytes);
    bytes.writeUInt16LE(9, 30);
    bytes.writeUInt32LE(1, 48);
    bytes.write(directory, 1024, 'utf16le');
    return bytes;
  };

  const refusal = async (name: string): Promise<string> => {
    const file = { name, path: inFolder(name), bytes: statSync(inFolder(name)).size };
    const error: unknown = await openWorkbook(file).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InputError);
    return (error as InputError).message;
  };

  test('an old workbook, and an encrypted one', async () => {
    await put('a.xlsx', compound('Workbook'));
    expect(await refusal('a.xlsx')).toBe(
      'a.xlsx: expected an Excel workbook (.xlsx), got one in the old binary form (.xls); save it as .xlsx',
    );
    await put('a.xlsx', compound('EncryptedPackage'));
    expect(await refusal('a.xlsx')).toBe(
      'a.xlsx: expected an Excel workbook (.xlsx), got one that is encrypted; open it with its password and ' +
        'save it without',
    );
  });

  test.each([
    ['xl/workbook.bin', 'a binary Excel workbook (.xlsb)'],
    ['content.xml', 'an OpenDocument file (.ods)'],
  ])('an archive with %s', async (part, kind) => {
    writeZip(inFolder('a.xlsx'), [[part, Buffer.from('x')]]);
    expect(await refusal('a.xlsx')).toBe(`a.xlsx: expected an Excel workbook (.xlsx), got ${kind}; save it as .xlsx`);
  });
});
