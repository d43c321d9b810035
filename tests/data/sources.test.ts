import { rm } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { SourceContents } from '../../src/data/source-contents.js';
import { findSources } from '../../src/data/sources.js';
import { workbookBytes, writeZip } from './archives.js';
import { readingFolder } from './reading.js';

const { put, read, find, expectError, inFolder } = readingFolder();

const TABLE = 'sn,file_name,data_set,domain,subdomain,source,ko,mt,en,source_language,target_language,license,style';
const table = (dataSet: string, ...texts: string[]): string =>
  [TABLE, ...texts.map((text, i) => `${i},f,${dataSet},d,s,s,${text} 문장,mt,${text} sentence,ko,en,open,문어체`)].join(
    '\n',
  );
const tableJson = (dataSet: string, ...texts: string[]): string =>
  JSON.stringify({
    data: texts.map((text, i) => ({ sn: i, data_set: dataSet, ko: `${text} 문장`, mt: 'mt', en: `${text} sentence` })),
  });

const corpora = async (): Promise<string[][]> =>
  (await find()).sources.map(({ id, corpus, shape }) => [id, corpus, shape]);

describe('the corpus of a file', () => {
  test('is recognised by its header or keys, whatever its name', async () => {
    await put(
      '1.xlsx',
      workbookBytes(inFolder('book.tmp'), [
        ['SID', '원문'.normalize('NFD'), '번역문'],
        [1, '차', 'car'],
      ]),
    );
    await put('2.json', JSON.stringify([{ 원문: '차', 최종번역문: 'car', 번역문: 'x' }]));
    await put('3.csv', table('기술과학', 'a'));
    await put('4.csv', table('사회과학', 'a'));
    await put('5.csv', 'korea,english\n차,car\n');
    await put('6.json', JSON.stringify([{ english: 'car', korea: '차' }]));
    await put('7.csv', '번역문,원문\ncar,차\n');
    await put('8.json', JSON.stringify({ data: [{ sn: 1, ko: '차', mt: 'x', en: 'car' }] }));
    expect(await corpora()).toEqual([
      ['1.xlsx', 'parallel', 'workbook'],
      ['7.csv', 'parallel', 'csv'],
      ['3.csv', 'technology', 'csv'],
      ['4.csv', 'social-science', 'csv'],
      ['2.json', 'broadcast', 'json'],
      ['5.csv', 'other', 'csv'],
      ['6.json', 'other', 'json'],
      ['8.json', 'other', 'json'],
    ]);
  });

  test('is recognised by its name if two have the same header and the rows do not decide', async () => {
    await put('1113_social_valid_set_1.csv', table('', 'a'));
    await put('한국어-영어 번역 말뭉치(기술과학)'.normalize('NFD') + '/valid.csv', table('', 'a'));
    await put('unknown.csv', table('', 'a'));
    expect((await corpora()).map(([, corpus]) => corpus)).toEqual(['technology', 'social-science', 'other']);
  });

  test('keeps its own columns if other files need those that the user named', async () => {
    await put('a.json', JSON.stringify([{ 원문: '차', 최종번역문: 'car' }]));
    await put('b.csv', 'source,target\n배,pear\n');
    expect((await read(['.'], { ko: 'source', en: 'target' })).map(([ko, en]) => [ko, en])).toEqual([
      ['차', 'car'],
      ['배', 'pear'],
    ]);
  });
});

describe('files with the same pairs', () => {
  const texts = Array.from({ length: 30 }, (_, i) => `t${i}`);

  test('as CSV and JSON of one data set count once', async () => {
    await put('1113_tech_train_set_30.csv', table('기술과학', ...texts));
    await put('1113_tech_train_set_30.json', tableJson('기술과학', ...texts));
    await put('1113_tech_valid_set_30.json', tableJson('기술과학', ...texts.map((text) => `v${text}`)));
    const { sources, skipped } = await find();
    expect(sources.map(({ id }) => id)).toEqual(['1113_tech_train_set_30.csv', '1113_tech_valid_set_30.json']);
    expect(skipped).toEqual([
      { file: '1113_tech_train_set_30.json', why: 'the same pairs as 1113_tech_train_set_30.csv' },
    ]);
  });

  test('as CSV that is cut short, by Excel or in a compressed file, both count', async () => {
    const many = Array.from({ length: 3000 }, (_, i) => `t${i}`);
    await put('a.csv', table('기술과학', ...many.slice(0, 2000)));
    await put('a.json', tableJson('기술과학', ...many));
    await put('b.csv', table('기술과학', ...texts));
    await put('b.csv.gz', gzipSync(table('기술과학', ...texts, 'more')));
    await put('c.csv', table('기술과학', ...many));
    await put('c.json', tableJson('기술과학', ...many));
    await put('d.csv', table('기술과학', ...texts));
    await put('d.csv.gz', gzipSync(table('기술과학', ...texts)));
    const { sources, skipped } = await find();
    expect(sources.map(({ id }) => id)).toEqual(['a.csv', 'a.json', 'b.csv', 'b.csv.gz', 'c.csv', 'd.csv']);
    expect(skipped.map(({ file }) => file)).toEqual(['c.json', 'd.csv.gz']);
  });

  test('of which one differs, in files of the same name and size, both count', async () => {
    await put('old/a.csv', `ko,en\n${texts.map((text) => `${text} 문장,${text}`).join('\n')}\n`);
    await put(
      'new/a.csv',
      `ko,en\n${texts.map((text) => `${text} 문장,${text}`).join('\n')}\n`.replace('t29 문장', 't29 문단'),
    );
    await put('copy/a.csv', `ko,en\n${texts.map((text) => `${text} 문장,${text}`).join('\n')}\n`);
    const { sources, skipped } = await find();
    expect(sources.map(({ id }) => id)).toEqual(['copy/a.csv', 'new/a.csv']);
    expect(skipped).toEqual([{ file: 'old/a.csv', why: 'the same pairs as copy/a.csv' }]);
  });

  test.each([
    ['half', 10, 1],
    ['more than half', 11, 2],
  ])('as CSV and JSON, of which %s were corrected by hand', async (_, corrected, count) => {
    // of the first and of the last 20 of 30
    const isCorrected = (i: number): boolean => i < corrected || i >= 30 - corrected;
    await put('a.csv', table('기술과학', ...texts));
    await put('a.json', tableJson('기술과학', ...texts.map((text, i) => (isCorrected(i) ? `new ${text}` : text))));
    expect((await find()).sources).toHaveLength(count);
  });

  test('as CSV and JSON with different pairs, or of different corpora, both count', async () => {
    await put('a.csv', table('기술과학', ...texts));
    await put('a.json', tableJson('기술과학', ...texts.map((text) => `other ${text}`)));
    await put('b.csv', 'ko,en\n차,car\n');
    await put('b.json', '[{"ko": "차", "en": "car"}]');
    expect((await find()).sources).toHaveLength(4);
  });

  test('in an archive and unpacked beside it count once, files and folders of small ones', async () => {
    const small = texts.concat(
      texts.map((text) => `x${text}`),
      texts.map((text) => `y${text}`),
      texts.map((text) => `z${text}`),
    );
    const sentences = small.map((text): [string, string] => [
      `TL/${text}.json`,
      JSON.stringify({ 원문: `${text} 문장`, 최종번역문: text }),
    ]);
    writeZip(inFolder('032.zip'), [...sentences, ['set.csv', table('기술과학', ...texts)]]);
    const packed = await read();
    for (const [name, content] of [...sentences, ['set.csv', table('기술과학', ...texts)]])
      await put(`032/${name}`, content);
    const { sources, skipped } = await find();
    expect(sources.map(({ id, files }) => [id, files.length])).toEqual([
      ['032/set.csv', 1],
      ['032/TL/t0.json', 120],
    ]);
    expect(skipped).toEqual([
      { file: '032.zip/TL/t0.json', why: 'the same pairs as 032/TL/t0.json' },
      { file: '032.zip/set.csv', why: 'the same pairs as 032/set.csv' },
    ]);
    expect(await read()).toEqual(
      packed.map(([ko, en, place, corpus]) => [ko, en, place.replace('032.zip', '032'), corpus]),
    );
  });
});

test('what is compared of a source is read once', async () => {
  await put('a.csv.gz', gzipSync('ko,en\n차,car\n'));
  const [source] = (await findSources([inFolder('a.csv.gz')])).sources;
  const contents = new SourceContents();
  const read = async () => [await contents.first(source), await contents.last(source), await contents.digest(source)];
  const found = await read();
  expect(found).toEqual([['["차","car"]'], ['["차","car"]'], expect.stringMatching(/^[0-9a-f]{64}$/)]);
  await rm(inFolder('a.csv.gz'));
  expect(await read()).toEqual(found);
});

describe('the order of sources', () => {
  test('does not depend on the order of paths', async () => {
    for (const name of ['b/2.csv', 'a/3.csv', '1.csv']) await put(name, `ko,en\n${name},x\n`);
    const order = ['1.csv', 'b/2.csv', 'a/3.csv'];
    expect((await find(['.'])).sources.map(({ id }) => id)).toEqual(order);
    expect((await find(['a', '1.csv', 'b'])).sources.map(({ id }) => id)).toEqual(order);
  });

  test('in a folder of many files follows their names, in slices', async () => {
    const names = Array.from({ length: 2100 }, (_, i) => `${String((i * 1117) % 2100).padStart(4, '0')}.json`);
    for (const name of names) await put(`TL/${name}`, JSON.stringify({ 원문: name, 최종번역문: 'x' }));
    const { sources } = await find();
    expect(sources.map(({ id, files }) => [id, files.length])).toEqual([
      ['TL/0000.json', 2000],
      ['TL/2000.json', 100],
    ]);
    expect((await read()).map(([ko]) => ko)).toEqual([...names].sort());
  });
});

describe('columns are recognised', () => {
  test.each([
    ['원문,영어', '차,car'],
    ['영문,번역문', 'car,차'],
    ['번호,한국어,번역', '1,차,car'],
    ['original,ko', 'car,차'],
    ['ＫＯＲ,Ｅｎｇｌｉｓｈ', '차,car'],
    ['\u200bko,\ufeffen\u00ad', '차,car'],
  ])('by %s', async (header, row) => {
    await put('a.csv', `${header}\n${row}\n`);
    expect((await read()).map(([ko, en]) => [ko, en])).toEqual([['차', 'car']]);
  });

  test.each([
    ['원문,영어', 'a,b'], // no Hangul tells that 원문 is Korean
    ['영어,번역문', '차,car'],
    ['원문,번역문2,영어,번역', '차,a,b,car'],
    ['한국어,source', '차,news'],
  ])('but not by %s with %s', async (header, row) => {
    await put('a.csv', `${header}\n${row}\n`);
    await expectError(['a.csv'], /^a\.csv line 1: expected /);
  });
});

describe('JSON files', () => {
  const ofList = (i: number): object => ({ ko: `${i}번째`, en: `number ${i}` });

  test('of any size are read to the arrays that lie deep in objects, after long values, too', async () => {
    const many = Array.from({ length: 30_000 }, (_, i) => ofList(i));
    await put('a.json', JSON.stringify({ status: 'ok', body: { n: [1, 2], items: many, more: [ofList(-1)] } }));
    await put('b.json', JSON.stringify({ ids: many.map((_, i) => i), note: 'x'.repeat(2e6), rows: many }, null, 1));
    await put('c.json', JSON.stringify({ a: { b: { c: { d: { e: { 'x.y': many } } } } }, f: { ko: 1 } }));
    const found = await read();
    const inA = found.filter(([, , place]) => place.startsWith('a.json'));
    expect(inA).toHaveLength(30_001);
    expect([inA[0], inA.at(-1)].map((row) => row!.slice(0, 3))).toEqual([
      ['0번째', 'number 0', 'a.json:1'],
      ['-1번째', 'number -1', 'a.json:30001'],
    ]);
    expect(found).toHaveLength(90_001);
    expect(new Set(found.map(([ko]) => ko)).size).toBe(30_001);
  });

  test('with one object over 16 MiB, or cut short in a deep array, are refused', async () => {
    await put('a.json', JSON.stringify({ a: { b: 'x'.repeat(17 << 20) } }));
    await expectError(['a.json'], /^a\.json: expected an object of at most 16 MiB, got a longer one; close its quotes/);
    const text = JSON.stringify({ a: { b: Array.from({ length: 40_000 }, (_, i) => ofList(i)) } });
    await put('b.json', text.slice(0, -9));
    await expectError(
      ['b.json'],
      /^b\.json: expected JSON up to its last bracket, .+ in element 40000; download or write it again$/,
    );
  });

  test('with lists in lists, or lists of different lengths, are refused, not read in part', async () => {
    await put('a.json', JSON.stringify([[ofList(1), ofList(2)], [ofList(3)]]));
    await expectError(
      ['a.json'],
      'a.json: expected an object such as {"ko": "…", "en": "…"}, got a list of 2; write an object for each pair',
    );
    await put('a.json', JSON.stringify({ id: [1, 2, 3], ko: ['차', '배', '집'], en: ['car', 'house'] }));
    await expectError(
      ['a.json'],
      'a.json: expected lists of as many texts, got 3 in ko and 2 in en; give lists that are aligned',
    );
  });

  test('with carriage returns between some lines lose none', async () => {
    const lines = [1, 2, 3, 4].map((i) => JSON.stringify(ofList(i)));
    await put('a.jsonl', `${lines[0]}\r\n${lines[1]}\r${lines[2]}\n{"ko": "5번째",\r"en": "number 5"}\n${lines[3]}`);
    expect((await read()).map(([ko]) => ko)).toEqual(['1번째', '2번째', '3번째', '5번째', '4번째']);
  });

  test('are read in the same way however many small ones there are', async () => {
    for (let i = 0; i < 120; i++) await put(`lists/${i}.json`, JSON.stringify({ id: i, sentences: [ofList(i)] }));
    for (let i = 0; i < 120; i++) await put(`tables/${i}.json`, JSON.stringify({ ko: [`${i}번째`], en: ['table'] }));
    for (let i = 0; i < 120; i++) await put(`others/${i}.json`, JSON.stringify({ id: i }));
    const { sources, skipped } = await find();
    expect([sources.length, skipped.length]).toEqual([240, 120]);
    expect(new Set((await read()).map(([ko]) => ko)).size).toBe(120);
  });

  test('are read to their last array, wherever its key stands, each array by its own columns', async () => {
    const many = Array.from({ length: 4000 }, (_, i) => ofList(i));
    const others = [{ korean: '끝', english: 'end' }];
    const speakers = [{ id: 1, name: 'Kim' }];
    const found = {
      'a.json': { data: many },
      'b.json': { train: many },
      'c.json': { license: [{ id: 1 }], 훈련: many },
    };
    for (const [name, content] of Object.entries(found)) {
      const text = JSON.stringify({ ...content, speakers, 검증: [ofList(-1)], test: others });
      await put(
        name,
        name === 'c.json' ? text.replaceAll(/[가-힣]/g, (letter) => JSON.stringify(letter).slice(1, -1)) : text,
      );
      const rows = await read([name]);
      expect(rows).toHaveLength(4002);
      expect(rows.slice(-2).map(([ko, en, place]) => [ko, en, place])).toEqual([
        ['-1번째', 'number -1', `${name}:4001`],
        ['끝', 'end', `${name}:4002`],
      ]);
    }
  });

  test('beside "data" are read in many small files, too', async () => {
    for (let i = 0; i < 120; i++) {
      const more = i < 110 ? {} : { valid: [ofList(1000 + i)], speakers: [{ id: 1 }] };
      await put(`lists/${String(i).padStart(3, '0')}.json`, JSON.stringify({ data: [ofList(i)], ...more }));
    }
    expect(await read()).toHaveLength(130);
  });

  test('with pairs in lists inside objects are read, numbered by the object', async () => {
    const documents = [1, 2].map((i) => ({
      id: i,
      meta: [{ a: 1 }],
      body: { paragraphs: [{ sentences: [ofList(i), ofList(10 * i)] }] },
    }));
    const texts = ['1번째', '10번째', '2번째', '20번째'];
    for (const [name, content] of [
      ['a.json', JSON.stringify(documents)],
      ['b.json', JSON.stringify({ data: documents })],
      ['c.json', JSON.stringify({ documents })],
      ['d.jsonl', documents.map((document) => JSON.stringify(document)).join('\n')],
    ] as const) {
      await put(name, content);
      const rows = await read([name]);
      expect(rows.map(([ko, , place]) => [ko, place])).toEqual(
        texts.map((ko, i) => [ko, `${name}:${1 + Math.floor(i / 2)}`]),
      );
    }
    const both = documents.map((document) => ({ ...document, summary: [ofList(3)] }));
    await put('e.json', JSON.stringify(both));
    await expectError(
      ['e.json'],
      'e.json: expected pairs in one list of each object, got them in body.paragraphs.sentences, summary; write one ' +
        'object for each pair',
    );
    await put('f.json', JSON.stringify([{ id: 1, sentences: [{ left: '차', right: 'car' }] }]));
    await expectError(['f.json'], /^f\.json: in sentences: expected a column ko .+, got left, right; name them with/);
    expect(await read(['f.json'], { ko: 'left', en: 'right' })).toEqual([['차', 'car', 'f.json:1', 'other']]);
    await put(
      'g.json',
      JSON.stringify([
        { ko: ['차'], en: ['car'] },
        { ko: ['배'], en: ['pear'] },
      ]),
    );
    await expectError(
      ['g.json'],
      'g.json: expected one text under each key, got lists in ko, en; write one object for each pair',
    );
  });

  test('with pairs under "data" and other keys are read in full', async () => {
    const other = [{ name: 'open', ko: 1 }];
    await put('a.json', JSON.stringify({ licenses: other, data: [ofList(1)], valid: [ofList(2)] }));
    await put('b.json', JSON.stringify({ licenses: other, data: [ofList(3)], notes: [{ words: other }] }));
    expect((await read()).map(([ko]) => ko)).toEqual(['1번째', '2번째', '3번째']);
  });
});

describe('files without pairs', () => {
  test('are named, with the reason', async () => {
    await put('a.csv', 'ko,en\n차,car\n');
    await put('notes.txt', 'x');
    await put('old.xls', 'x');
    await put('corpus.zip.part0', 'x');
    await put('corpus.tar', 'x');
    await put('summary.json', '{"rows": 5}');
    expect((await find()).skipped).toEqual([
      { file: 'corpus.tar', why: 'an archive that is not .zip; unpack it' },
      { file: 'corpus.zip.part0', why: 'a part of a download; join the parts in their order' },
      {
        file: 'notes.txt',
        why:
          'not a kind of file that holds pairs (.csv, .tsv, .tab, .txt, .json, .jsonl, .ndjson, ' +
          '.tmx, .arrow, .feather, .parquet, .xlsx, .xlsm, .zip); save a table of pairs as one of them',
      },
      { file: 'old.xls', why: 'an Excel workbook of another kind; save it as .xlsx' },
      {
        file: 'summary.json',
        why:
          'expected a column ko (or korea, korean) and a column en (or english), got rows; write a column for ' +
          'each language',
      },
    ]);
  });

  test('end the search in one line if they were named, or nothing else is found', async () => {
    await put('sub/notes.txt', 'x');
    await put('sub/old.xls', 'x');
    await put('a.csv', 'ko,en\n차,car\n');
    await expectError(['a.csv', 'sub/old.xls'], 'sub/old.xls: an Excel workbook of another kind; save it as .xlsx');
    await expectError(
      ['sub'],
      /sub: expected files of pairs, got sub\/notes\.txt \(not a kind .+\), sub\/old\.xls \(an Excel .+\); name .+$/,
    );
  });
});
