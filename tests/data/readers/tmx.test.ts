import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readTmx } from '../../../src/data/readers/tmx.js';
import { temporaryFolder } from '../../cli.js';
import { rowsOf, sourceOf } from './typed.js';

const HEAD =
  '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE tmx SYSTEM "tmx14.dtd">\n<tmx version="1.4"><header ' +
  'srclang="ko"/><body>';

async function read(units: string, head = HEAD): Promise<(string | [string, string])[]> {
  const path = join(temporaryFolder(), 'memory.tmx');
  writeFileSync(path, `${head}${units}</body></tmx>`);
  return rowsOf(readTmx(sourceOf(path)));
}

const unit = (ko: string, en: string, names = ['xml:lang="ko"', 'xml:lang="en"']): string =>
  `<tu><note>a note</note><prop type="x">y</prop><tuv ${names[0]}><seg>${ko}</seg></tuv><tuv ` +
  `${names[1]}><seg>${en}</seg></tuv></tu>`;

describe('a translation memory', () => {
  test.each([
    ['안녕 &nbsp;', 'replace entities that are not of XML, such as &nbsp;, by the characters they stand for'],
    ['안녕\x01', 'remove control characters'],
    ['안녕&#1;', 'remove control characters'],
    ['안녕 <b>', 'export it again'],
  ])('with %j is refused with what to do', async (text, remedy) => {
    await expect(read(unit(text, 'hello'))).rejects.toThrow(
      new RegExp(`expected XML in a translation memory \\(TMX\\), got something else .+; ${remedy}$`),
    );
  });

  test.each([
    ['ko', 'en'],
    ['ko-KR', 'en-US'],
    ['KO', 'EN-GB'],
    ['ko_KR', 'en_US'],
  ])('in %s and %s', async (ko, en) => {
    expect(await read(unit('빨간 공', 'a red ball', [`xml:lang="${ko}"`, `xml:lang="${en}"`]))).toEqual([
      ['빨간 공', 'a red ball'],
    ]);
    expect(await read(unit('a red ball', '빨간 공', [`lang="${en}"`, `lang="${ko}"`]))).toEqual([
      ['빨간 공', 'a red ball'],
    ]);
  });

  test('of several languages, using the first text in each', async () => {
    const variant = (language: string, text: string): string => `<tuv xml:lang="${language}"><seg>${text}</seg></tuv>`;
    const units = [
      [
        variant('kok', 'Konkani'),
        variant('ja', '赤い玉'),
        variant('ko', '빨간 공'),
        variant('en', 'a red ball'),
        variant('en-GB', 'red ball'),
      ],
      [variant('ko', '파란 컵'), variant('ja', '青いカップ')],
    ];
    expect(await read(units.map((variants) => `<tu>${variants.join('')}</tu>`).join(''))).toEqual([
      ['빨간 공', 'a red ball'],
      ['파란 컵', ''],
    ]);
  });

  test('without the markup codes of its source document, but with the text inside them', async () => {
    const coded =
      '<bpt i="1">&lt;b&gt;</bpt>빨간<ept i="1">&lt;/b&gt;</ept> <hi type="x">공</hi><ph ' +
      'x="1">{0}<sub>각주</sub></ph><it pos="begin">[</it> &amp; 컵<ut>x</ut>';
    expect(await read(unit(coded, 'a <hi>red</hi> ball &#38; <![CDATA[<cup>]]>'))).toEqual([
      ['빨간 공 & 컵', 'a red ball & <cup>'],
    ]);
  });

  test('in UTF-8 is read completely in many chunks', async () => {
    const pairs = Array.from({ length: 5000 }, (_, i): [string, string] => [`빨간 공 ${i}`, `red ball ${i}`]);
    expect(await read(pairs.map((pair) => unit(...pair)).join(''))).toEqual(pairs);
  });

  test('with custom entities, or cut off, is refused in one line', async () => {
    const laughs = '<?xml version="1.0"?><!DOCTYPE tmx [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><tmx><body>';
    const refusal = (reading: Promise<unknown>): Promise<string> =>
      reading.then(String, (error: unknown) => (error as Error).message);
    expect(await refusal(read(unit('&b;', 'x'), laughs))).toMatch(
      /^memory\.tmx: expected XML in a translation memory \(TMX\), got .*; replace entities that are not of XML, .+$/,
    );
    expect(await refusal(read('<tu><tuv xml:lang="ko"><seg>가'))).toMatch(
      /^memory\.tmx: expected XML in .*; export it again$/,
    );
  });
});
