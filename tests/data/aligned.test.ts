import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { writeZip } from './archives.js';
import { readingFolder } from './reading.js';

const { put, read, find, expectError, inFolder } = readingFolder();

const KO = '차\n배\n집\n';
const EN = 'car\npear\nhouse\n';
const PAIRS = [
  ['차', 'car'],
  ['배', 'pear'],
  ['집', 'house'],
];
const texts = async (names?: readonly string[]): Promise<string[][]> => (await read(names)).map(([ko, en]) => [ko, en]);

describe('two aligned files are found', () => {
  test.each([
    ['valid.ko', 'valid.en'],
    ['valid.ko-KR', 'valid.en-US'],
    ['한국어.txt', '영어.txt'],
    ['kor_1.txt', 'eng_1.txt'],
    ['news.ko.tok', 'news.en.tok'],
    ['OpenSubtitles.en-ko.ko', 'OpenSubtitles.en-ko.en'],
    ['ko/valid.txt', 'en/valid.txt'],
    ['Korean/valid', 'English/valid'],
    ['news/kor/2020/a.txt', 'news/eng/2020/a.txt'],
    ['국문/1.txt', '영문/1.txt'],
    ['ko/valid.ko', 'en/valid.en'],
    ['en/valid.ko', 'en/valid.en'],
  ])('%s and %s', async (ko, en) => {
    await put(ko, KO);
    await put(en, EN);
    await put('readme.html', '<html>');
    expect(await texts()).toEqual(PAIRS);
    expect(await texts([ko])).toEqual(PAIRS);
    expect(await texts([en, ko])).toEqual(PAIRS);
  });

  test('compressed, and in archives', async () => {
    await put('a/train.ko.txt.gz', gzipSync(KO));
    await put('a/train.en.txt.gz', gzipSync(EN));
    writeZip(inFolder('b.zip'), [
      ['ko/test.txt', KO],
      ['en/test.txt', EN],
    ]);
    expect((await find()).sources.map(({ id, files }) => [id, files.length])).toEqual([
      ['b.zip/ko/test.txt', 2],
      ['a/train.ko.txt.gz', 2],
    ]);
  });

  test.each([
    ['x.ko.gz', 'x.en'],
    ['x.ko', 'x.en.gz'],
    ['ko.txt', 'en.txt.gz'],
    ['ko/x.txt.gz', 'en/x.txt'],
    ['ko_x', 'en_x.GZ'],
  ])('of which one is compressed: %s and %s', async (ko, en) => {
    const written = (name: string, text: string) => put(name, /gz$/i.test(name) ? gzipSync(text) : text);
    await written(ko, KO);
    await written(en, EN);
    expect(await texts()).toEqual(PAIRS);
    expect(await texts([ko])).toEqual(PAIRS);
    expect(await texts([en])).toEqual(PAIRS);
  });

  test('both compressed, beside the same two uncompressed', async () => {
    for (const [name, text] of [
      ['x.ko', KO],
      ['x.en', EN],
    ] as const) {
      await put(name, text);
      await put(`${name}.gz`, gzipSync(text));
    }
    await put('y.ko', '문\n');
    await put('y.en', 'door\n');
    await put('y.en.gz', gzipSync('doors\n'));
    const { sources } = await find();
    expect(sources.map(({ files }) => files.map(({ name }) => name))).toContainEqual([
      inFolder('y.ko'),
      inFolder('y.en'),
    ]);
    expect(sources.length).toBeGreaterThan(1);
    expect((await texts()).map(([ko]) => ko)).toEqual(expect.arrayContaining(['차', '배', '집', '문']));
  });

  test('in folders by their paths, each with its own partner', async () => {
    for (const name of ['1', '2']) {
      await put(`x/ko/${name}.txt`, `${name}번\n`);
      await put(`x/en/${name}.txt`, `number ${name}\n`);
    }
    await put('x/en/3.txt', 'number 3\n');
    await put('y/ko/3.txt', '3번\n');
    expect(await texts()).toEqual([
      ['1번', 'number 1'],
      ['2번', 'number 2'],
    ]);
  });
});

test('files of pairs in folders of languages are read by themselves', async () => {
  await put('ko/a.csv', 'ko,en\n차,car\n');
  await put('en/a.csv', 'ko,en\n배,pear\n');
  await put('ko/b.txt', 'ko\ten\n집\thouse\n');
  await put('en/b.txt', 'ko\ten\n문\tdoor\n');
  expect((await texts()).map(([ko]) => ko).sort()).toEqual(['문', '배', '집', '차']);
});

test.each([
  ['x.ko', 'x.en'],
  ['ko/x.txt', 'en/x.txt'],
])('%s and %s with unequal line counts are refused with both', async (ko, en) => {
  await put(ko, KO);
  await put(en, `${EN}door\n`);
  await expectError(['.'], `${ko}: expected as many lines as in ${en}, got 3 and 4; give files that are aligned`);
});

test('several files for one side are named', async () => {
  await put('a.csv', 'ko,en\n차,car\n');
  for (const name of ['x.ko', 'x.KO', 'x.en']) await put(name, KO);
  const { skipped } = await find();
  expect(skipped.map(({ file }) => file)).toEqual(['x.KO', 'x.en', 'x.ko']);
  expect(new Set(skipped.map(({ why }) => why))).toEqual(
    new Set(['expected two aligned files, got 2 Korean ones of this name; leave one of them']),
  );
});
