/** @file Sheets and arrays without pairs, beside others in the same file that have some: named once, and recorded. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../cli.js';
import { STUDENT, TEACHER } from '../commands/tiny.js';
import { kdHere } from '../in-process.js';
import { writeWorkbookParts } from './archives.js';

const PAIRS = [
  { ko: '차', en: 'car' },
  { ko: '배', en: 'pear' },
];

/** Prepares the files of a folder, and gives what is said not to be read: in messages, and in the report. */
async function notRead(folder: string): Promise<{ said: string[]; recorded: unknown }> {
  const out = join(temporaryFolder(), 'out');
  const models = ['--teacher', TEACHER, '--student', STUDENT];
  const { code, stderr } = await kdHere(['prepare', '--data', '.', ...models, '--out', out], { cwd: folder });
  expect(code, stderr).toBe(0);
  const { skipped } = JSON.parse(readFileSync(join(out, 'report.json'), 'utf8')) as { skipped: unknown };
  return { said: stderr.split('\n').filter((line) => line.startsWith('not read: ')), recorded: skipped };
}

test('sheets of a workbook, except empty ones', async () => {
  const folder = temporaryFolder();
  const sheet = (...rows: string[][]): string =>
    `<worksheet><sheetData>${rows
      .map((row) => `<row>${row.map((text) => `<c t="str"><v>${text}</v></c>`).join('')}</row>`)
      .join('')}</sheetData></worksheet>`;
  const names = ['안내', '말뭉치', '빈 시트', '통계'];
  writeWorkbookParts(join(folder, 'a.xlsx'), {
    'xl/workbook.xml': `<workbook xmlns:r="r"><sheets>${names
      .map((name, i) => `<sheet name="${name}" r:id="rId${i}"/>`)
      .join('')}</sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': `<Relationships>${names
      .map((_, i) => `<Relationship Id="rId${i}" Type="x/worksheet" Target="worksheets/${i}.xml"/>`)
      .join('')}</Relationships>`,
    'xl/worksheets/0.xml': sheet(['항목', '설명'], ['1', '말뭉치']),
    'xl/worksheets/1.xml': sheet(['ko', 'en'], ...PAIRS.map(({ ko, en }) => [ko, en])),
    'xl/worksheets/2.xml': sheet([], ['']),
    'xl/worksheets/3.xml': sheet(['분야', '수'], ['일상', '2']),
  });
  const why =
    '2 of 3 sheets without pairs: 안내, 통계; in the first, expected a column ko (or korea, korean) and a column en ' +
    '(or english), got 항목, 설명; name them with --ko-column and --en-column, or give their numbers (--ko-column 2 ' +
    '--en-column 1) where there is no header';
  expect(await notRead(folder)).toEqual({
    said: [`not read: a.xlsx: ${why}`],
    recorded: [{ file: 'a.xlsx', why }],
  });
});

test('arrays of JSON files, counted over a folder of small ones', async () => {
  const folder = temporaryFolder();
  const speakers = Array.from({ length: 2500 }, (_, id) => ({ id, name: `화자 ${id}` }));
  const topics = [{ topic: '일상' }];
  writeFileSync(join(folder, 'b.json'), JSON.stringify({ speakers, train: PAIRS, meta: { topics }, none: [] }));
  writeFileSync(join(folder, 'c.json'), JSON.stringify({ data: PAIRS.map(({ ko, en }) => ({ ko, en: `a ${en}` })) }));
  mkdirSync(join(folder, 'd'));
  for (let i = 0; i < 120; i++) {
    const data = [{ 원문: `${i}번째 문장`, 최종번역문: `sentence number ${i}` }];
    writeFileSync(join(folder, `d/${i}.json`), JSON.stringify({ data, topics, tags: ['a'] }));
  }
  const { said, recorded } = await notRead(folder);
  expect(recorded).toEqual([
    {
      file: 'd',
      why: '1 array without pairs: topics (120 elements); expected 원문 and 최종번역문, got topic',
    },
    {
      file: 'b.json',
      why:
        '2 arrays without pairs: speakers (2,500 elements), meta.topics (1 element); in the first, expected a column ' +
        'ko (or korea, korean) and a column en (or english), got id, name; name them with --ko-column and --en-column',
    },
  ]);
  expect(said).toEqual(
    (recorded as { file: string; why: string }[]).map(({ file, why }) => `not read: ${file}: ${why}`),
  );
});
