/**
 * @file Files of every shape, damaged at random, give rows or an error of one line: no crash, no hang, no growing
 * memory. `KD_MUTATIONS=100000` tries that many of each shape.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { isUnreadable } from '../../../src/data/pair.js';
import { randomSource, type RandomSource } from '../../../src/data/shuffle.js';
import { findSources, readSource } from '../../../src/data/sources.js';
import { InputError } from '../../../src/base/errors.js';
import { workbookBytes, writeWorkbookParts, writeZip } from '../archives.js';
import { countCpuTime } from '../../cpu-time.js';

const COUNT = Number(process.env.KD_MUTATIONS ?? 300);
/**
 * Enough CPU time, in milliseconds, for inputs of at most a few kilobytes; not elapsed time, as the machine may be
 * busy.
 */
const MAX_MS = 5000;
const MAX_MEMORY_GROWTH = 500 << 20;

const UNSHOWABLE = /[\p{Cc}\u2028\u2029]/u;

const folder = mkdtempSync(path.join(tmpdir(), 'kd-mutations-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});
const inFolder = (name: string): string => path.join(folder, name);

const PAIRS = Array.from({ length: 12 }, (_, i): [ko: string, en: string] => [
  `한국어 "문장", ${i}`,
  `the sentence\n${i}, & <more>`,
]);
const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
const objects = PAIRS.map(([ko, en], i) => ({ sn: i, ko, mt: 'x', en, data_set: '기술과학' }));
const csv = ['sn,ko,mt,en', ...PAIRS.map(([ko, en], i) => [i, quoted(ko), 'x', quoted(en)].join())].join('\r\n');
const SHEET_ROWS = PAIRS.map(
  (_, i) =>
    `<row r="${i + 2}"><c r="A${i + 2}" t="inlineStr"><is><t>한국어 ${i}</t></is></c>` +
    `<c r="B${i + 2}" t="s"><v>${i % 3}</v></c></row>`,
);
const SHEET =
  '<worksheet><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row>' +
  `${SHEET_ROWS.join('')}</sheetData></worksheet>`;
const STRINGS =
  '<?xml version="1.0"?><sst><si><t>원문</t></si><si><t>번역문</t></si><si><r><t>a &amp; b</t></r><rPh><t>' +
  'x</t></rPh></si></sst>';

/** Tokens with a meaning for one of the parsers. */
const TOKENS = [
  '"',
  '""',
  '"\n',
  ',',
  '\t',
  '\r',
  '\n',
  '\0',
  '\\',
  '\\u',
  '{',
  '}',
  '[',
  ']',
  ':',
  'null',
  '1e999',
  '"data":',
  '{"data":[',
  '\ufeff',
  '\ufffd',
  '<',
  '>',
  '</',
  '<row',
  '<row r="',
  '<c t="s"><v>',
  '&',
  '&lt;',
  '&#0;',
  '<![CDATA[',
  ']]>',
  '<!--',
  '<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]>',
  '&y;',
  '_xFFFF_',
  '-1',
  '99999999999999999999',
  'NaN',
  'PK\x01\x02',
  'PK\x03\x04',
  'PK\x05\x06',
].map((token) => Buffer.from(token));

/** Damages a file in one to four places. */
function mutated(bytes: Buffer, random: RandomSource): Buffer {
  let result = bytes;
  for (let damages = 1 + (random() % 4); damages > 0; damages--) result = damaged(result, random);
  return result;
}

function damaged(bytes: Buffer, random: RandomSource): Buffer {
  const [at, length] = [random() % (bytes.length + 1), 1 + (random() % 40)];
  switch (random() % 7) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
    case 2:
      return Buffer.concat([bytes.subarray(0, at), TOKENS[random() % TOKENS.length], bytes.subarray(at)]);
    case 3:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.max(0, at - length)), bytes.subarray(at)]);
    case 4:
      return filled(bytes, at, Math.min(length, 8), [0, 0xff, 0x7f, 0x80][random() % 4]);
    default:
      return filled(bytes, at, 1, random() & 0xff);
  }
}

function filled(bytes: Buffer, at: number, length: number, value: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.fill(value, at, Math.min(at + length, copy.length));
  return copy;
}

/** Reads a file to its end, and returns the number of rows. */
async function countRows(file: string): Promise<number> {
  let rows = 0;
  const { sources } = await findSources([file]);
  for (const source of sources) {
    for await (const row of readSource(source)) {
      rows++;
      expect(Number.isInteger(row.row) && row.row >= 0 && row.row < 2 ** 32, `row ${row.row}`).toBe(true);
      expect(row.file).not.toMatch(UNSHOWABLE);
      if (isUnreadable(row)) expect(row.fault).toMatch(/^[^\p{Cc}\u2028\u2029]{1,2000}$/u);
      else expect([typeof row.ko, typeof row.en]).toEqual(['string', 'string']);
    }
  }
  return rows;
}

/** The number of rows of a file, or `undefined` if it is refused with an error of one line. */
async function rowsOf(file: string): Promise<number | undefined> {
  try {
    return await countRows(file);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    expect(error.message.length).toBeLessThan(2000);
    expect(error.message).not.toMatch(UNSHOWABLE);
    return undefined;
  }
}

const book = workbookBytes(inFolder('book.tmp'), [['원문', '번역문'], ...PAIRS]);
const archived = (members: Parameters<typeof writeZip>[1], options = {}): Buffer => {
  writeZip(inFolder('made.tmp'), members, options);
  return readFileSync(inFolder('made.tmp'));
};
const sheets = (mutate: (xml: Buffer) => Buffer, part: 'sheet' | 'strings'): Buffer => {
  const given = { 'xl/worksheets/sheet1.xml': SHEET, 'xl/sharedStrings.xml': STRINGS };
  const name = part === 'sheet' ? 'xl/worksheets/sheet1.xml' : 'xl/sharedStrings.xml';
  writeWorkbookParts(inFolder('made.tmp'), { ...given, [name]: mutate(Buffer.from(given[name])).toString('latin1') });
  return readFileSync(inFolder('made.tmp'));
};

/** The files to damage, by name. */
const SHAPES: readonly (readonly [name: string, make: (mutate: (bytes: Buffer) => Buffer, turn: number) => Buffer])[] =
  [
    ['a.csv', (mutate) => mutate(Buffer.from(csv))],
    ['a.tsv', (mutate) => mutate(Buffer.from(csv.replaceAll(',', '\t')))],
    ['a.json', (mutate, turn) => mutate(Buffer.from(JSON.stringify(turn % 2 === 0 ? { data: objects } : objects)))],
    ['a.jsonl', (mutate) => mutate(Buffer.from(objects.map((object) => JSON.stringify(object)).join('\n')))],
    [
      'a.zip',
      (mutate, turn) =>
        mutate(
          archived(
            [
              ['가/a.csv', csv],
              ['b.json', JSON.stringify(objects)],
            ],
            { store: turn % 2 === 0 },
          ),
        ),
    ],
    // inside an intact archive, or the checksums would catch nearly all damage to a workbook
    ['b.zip', (mutate) => archived([['a.xlsx', mutate(book)]])],
    [
      'a.xlsx',
      (mutate, turn) => (turn % 3 === 0 ? mutate(book) : sheets(mutate, turn % 3 === 1 ? 'sheet' : 'strings')),
    ],
  ];

describe.each(SHAPES)('damaged at random, %s', (name, make) => {
  test(
    'gives rows or is refused in one line, in bounded time and memory',
    { timeout: 20 * COUNT + 60_000 },
    async () => {
      const random = randomSource(name.length + COUNT);
      const memory = process.memoryUsage().rss;
      const file = inFolder(name);
      let [read, refused, slowest] = [0, 0, 0];
      for (let turn = 0; turn < COUNT; turn++) {
        writeFileSync(
          file,
          make((bytes) => mutated(bytes, random), turn),
        );
        const computed = countCpuTime();
        const rows = await rowsOf(file).catch((error: unknown) => {
          throw new Error(`${name}, mutation ${turn} of ${COUNT}`, { cause: error });
        });
        slowest = Math.max(slowest, computed());
        if (rows === undefined) refused++;
        else read++;
      }
      expect(slowest).toBeLessThan(MAX_MS);
      expect(process.memoryUsage().rss - memory).toBeLessThan(MAX_MEMORY_GROWTH);
      expect(read).toBeGreaterThan(0); // if nothing could be read, the test would show little
      expect(refused).toBeGreaterThan(0);
      if (process.env.KD_MUTATIONS !== undefined)
        console.log(`${name}: ${read} read, ${refused} refused, the slowest in ${slowest.toFixed(0)} ms`);
    },
  );
});

describe('malicious', () => {
  const bomb = (bytes: number, stated: number): Buffer => {
    const packed = deflateRawSync(Buffer.alloc(bytes, 'a'));
    const zip = archived([['a.csv', Buffer.from('ko,en\n')]]);
    const name = zip.subarray(30, 30 + 'a.csv'.length);
    const local = Buffer.concat([zip.subarray(0, 30), name]);
    local.writeUInt32LE(packed.length, 18);
    const directory = Buffer.from(zip.subarray(zip.lastIndexOf('PK\x01\x02'), zip.lastIndexOf('PK\x05\x06')));
    directory.writeUInt32LE(packed.length, 20);
    directory.writeUInt32LE(stated, 24);
    const end = Buffer.from(zip.subarray(zip.lastIndexOf('PK\x05\x06')));
    end.writeUInt32LE(local.length + packed.length, 16);
    return Buffer.concat([local, packed, directory, end]);
  };
  const messageOf = async (file: string): Promise<string> => {
    const error: unknown = await countRows(file).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InputError);
    return (error as InputError).message.replaceAll(`${folder}/`, '');
  };
  const put = (name: string, content: string | Buffer): string => {
    writeFileSync(inFolder(name), content);
    return inFolder(name);
  };

  test('a member of an archive that unpacks to more than it declares', async () => {
    expect(await messageOf(put('bomb.zip', bomb(50 << 20, 100)))).toBe(
      'bomb.zip/a.csv: expected the 100 bytes that its archive names, got more; download the archive again',
    );
  });

  test('a file of a single line', async () => {
    const line = 'a'.repeat(3 << 20);
    expect(await messageOf(put('line.csv', line))).toBe(
      'line.csv line 1: expected a row of at most 1 MiB, got a longer one; end rows with a line break',
    );
    const longer = 'a'.repeat(17 << 20);
    expect(await messageOf(put('line.jsonl', longer))).toBe(
      'line.jsonl line 1: expected a line of at most 16 MiB, got a longer one; end lines with a line break',
    );
    expect(await messageOf(put('line.json', `[{"ko": "${longer}`))).toMatch(
      /^line\.json element 1: expected an object of at most 16 MiB, got a longer one;/,
    );
  });

  test('endlessly nested brackets', async () => {
    const deep = '['.repeat(200_000) + ']'.repeat(200_000);
    const rows = `{"ko": "차", "en": "car"}`;
    expect(await rowsOf(put('deep.json', `[${rows}, {"ko": ${deep}, "en": "x"}]`))).toBe(2);
    expect(await rowsOf(put('deep.jsonl', `${rows}\n{"ko": ${deep}, "en": "x"}\n${deep}`))).toBe(3);
    expect(await messageOf(put('deeper.json', deep.repeat(3)))).toMatch(/^deeper\.json/);
  });

  test('a workbook with an endless text or number of elements', async () => {
    const sheet = (xml: string): string => {
      writeWorkbookParts(inFolder('harm.xlsx'), { 'xl/worksheets/sheet1.xml': xml });
      return inFolder('harm.xlsx');
    };
    expect(await messageOf(sheet('<a>'.repeat(100_000)))).toMatch(
      /^harm\.xlsx: expected XML of a workbook, got more than 100 elements inside each other/,
    );
    const cell = (text: string): string => `<worksheet><row r="1"><c t="str"><v>${text}</v></c></row></worksheet>`;
    expect(await messageOf(sheet(cell('a'.repeat(40 << 20))))).toMatch(
      /^harm\.xlsx: expected XML of a workbook, got more than \d+ bytes without a tag/,
    );
    expect(await messageOf(sheet(cell('<b>aaaaaaaaaaaaaaaa</b>'.repeat(1 << 17))))).toMatch(
      /^harm\.xlsx: expected a column ko/,
    );
    expect(await messageOf(sheet(`<worksheet><row>${'<c><v>1</v></c>'.repeat(20_000)}</row></worksheet>`))).toMatch(
      /^harm\.xlsx: expected at most 16384 columns, got more in row 1/,
    );
  });

  test('a workbook whose texts are in other files', async () => {
    const entity = '<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]>';
    writeWorkbookParts(inFolder('entity.xlsx'), {
      'xl/worksheets/sheet1.xml': `${entity}<worksheet><row><c t="str"><v>&y;</v></c></row></worksheet>`,
    });
    expect(await messageOf(inFolder('entity.xlsx'))).toMatch(
      /^entity\.xlsx: expected XML in the workbook, got something else .+ \(.*entity.*\); save it as .+$/,
    );
  });
});
