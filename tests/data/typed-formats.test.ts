import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { writeZip } from './archives.js';
import { readingFolder } from './reading.js';
import { fixture, PAIRS } from './readers/typed.js';

const { put, find, read, expectError, inFolder } = readingFolder();

const pairsOf = (rows: readonly string[][]): string[][] => rows.map(([ko, en]) => [ko, en]);
const MEMORY =
  '<?xml version="1.0" encoding="UTF-16"?>\n<!DOCTYPE tmx SYSTEM "tmx14.dtd">\n<tmx version="1.4"><body>' +
  '<tu><tuv xml:lang="en-US"><seg>a red ball</seg></tuv><tuv xml:lang="ko-KR"><seg>빨간 공</seg></tuv>' +
  '</tu></body></tmx>';

describe('found in a folder', () => {
  test('a data set saved by datasets is read in the order of its shards', async () => {
    cpSync(fixture('dataset'), inFolder('dataset'), { recursive: true });
    expect(pairsOf(await read())).toEqual(PAIRS);
  });

  test('all splits of a data set are read, but not its caches', async () => {
    cpSync(fixture('dataset-dict'), inFolder('data'), { recursive: true });
    expect(pairsOf(await read()).sort()).toEqual([...PAIRS].sort());
    const { skipped } = await find();
    expect(skipped.map(({ file }) => file)).toEqual(['data/train/cache-0123456789abcdef.arrow']);
    expect(skipped[0].why).toMatch(/^an intermediate result that datasets has kept/);
  });

  test('the shards of a Parquet data set are read in the order of their names, whatever those are', async () => {
    for (const [i, name] of ['codec-zstd', 'nested', 'pages-v2'].entries())
      await put(`data/train-0000${i}-of-00003.parquet`, readFileSync(fixture(`${name}.parquet`)));
    await put('data/other.bin', readFileSync(fixture('binary.parquet')));
    const rows = await read();
    expect(pairsOf(rows)).toEqual([...PAIRS, ...PAIRS, ...PAIRS, ...PAIRS]);
    expect(rows[6].at(-2)).toBe('data/train-00000-of-00003.parquet:1');
  });

  test('columns of Parquet and Arrow files can be named, in structs, too', async () => {
    await put('a.parquet', readFileSync(fixture('nested.parquet')));
    await put('b.arrow', readFileSync(fixture('dataset/data-00000-of-00002.arrow')));
    const columns = { ko: 'translation.ko', en: 'translation.en' };
    expect(pairsOf(await read(['.'], columns))).toEqual([...PAIRS, ...PAIRS.slice(0, 3)]);
    await expectError(['a.parquet'], /^a\.parquet: .*translation\.ko/, { ko: 'source', en: 'target' });
  });

  test('Parquet and Arrow columns of the same name are refused, since nothing else distinguishes them', async () => {
    for (const name of ['twice.parquet', 'twice.arrow']) {
      await put(name, readFileSync(fixture(name)));
      for (const columns of [{}, { ko: '2' }, { ko: 'ko', en: 'en' }])
        await expectError([name], `${name}: expected distinct column names, got ko twice; rename one`, columns);
    }
  });

  test('Parquet and workbooks in gzip are read, and bombs are refused', async () => {
    await put('a.parquet.gz', gzipSync(readFileSync(fixture('codec-snappy.parquet'))));
    await put('b.feather.gz', gzipSync(readFileSync(fixture('lz4.feather'))));
    expect(pairsOf(await read())).toEqual([...PAIRS, ...PAIRS]);
    const parquet = readFileSync(fixture('codec-snappy.parquet'));
    await put('c.parquet.gz', gzipSync(Buffer.concat([parquet, Buffer.alloc(1 << 28)])));
    await expectError(['c.parquet.gz'], /expected at most 268435456 bytes compressed by gzip, got more; unpack it$/);
  });

  test('Parquet files of lists and maps are refused with advice', async () => {
    for (const [name, columns] of [
      ['lists', 'ko, en'],
      ['maps', 'translation'],
    ] as const) {
      await put('a.parquet', readFileSync(fixture(`${name}.parquet`)));
      await expectError(
        ['a.parquet'],
        `a.parquet: expected columns with one value per row, got lists or maps in ${columns}; write a ` +
          `column for each language`,
      );
    }
  });

  test('Arrow files whose texts are run-end encoded are refused with advice', async () => {
    await put('a.arrow', readFileSync(fixture('run-ends.arrow')));
    await expectError(
      ['a.arrow'],
      'a.arrow: expected columns with one value per row, got run-end encoded columns in ko; write the table as ' +
        'Parquet or CSV',
    );
  });

  test('languages of a translation memory may have three-letter codes', async () => {
    await put('a.tmx', MEMORY.replace('ko-KR', 'kor').replace('en-US', 'eng'));
    expect(pairsOf(await read())).toEqual([['빨간 공', 'a red ball']]);
  });

  test('a data set in an archive is read without a message about its metadata', async () => {
    const names = readdirSync(fixture('dataset')).sort();
    writeZip(
      inFolder('a.zip'),
      names.map((name) => [`set/${name}`, readFileSync(fixture(`dataset/${name}`))] as const),
    );
    expect(pairsOf(await read())).toEqual(PAIRS);
    expect((await find()).skipped).toEqual([]);
  });

  test('a translation memory in UTF-8 or UTF-16 is read, but not one of other languages', async () => {
    await put('a.tmx', Buffer.from(`\ufeff${MEMORY}`, 'utf16le'));
    await put('b.tmx', MEMORY);
    await put('c.tmx', MEMORY.replace('ko-KR', 'ja-JP'));
    expect(pairsOf(await read())).toEqual([
      ['빨간 공', 'a red ball'],
      ['빨간 공', 'a red ball'],
    ]);
    const { skipped } = await find();
    expect(skipped).toEqual([
      { file: 'c.tmx', why: 'expected texts in ko and en, got en-US, ja-JP; export both languages' },
    ]);
  });

  test('Arrow data in gzip is read, whatever its compression ratio', async () => {
    const whole = readFileSync(fixture('long-lz4.feather'));
    const [first, rest] = [whole.subarray(0, 1 << 14), whole.subarray(1 << 14)];
    await put('a.arrow.gz', Buffer.concat([gzipSync(first, { level: 0 }), gzipSync(rest)]));
    await put('early.arrow', readFileSync(fixture('early.arrow')));
    expect((await read()).length).toBe(9000 + PAIRS.length);
  });

  test('files that Spark, Dask and datasets leave beside tables are skipped', async () => {
    await put('set/part-0.parquet', readFileSync(fixture('codec-zstd.parquet')));
    for (const name of ['_SUCCESS', '_metadata', '_common_metadata', 'builder.lock'])
      await put(`set/${name}`, readFileSync(fixture('codec-zstd.parquet')));
    expect(pairsOf(await read())).toEqual(PAIRS);
    expect((await find()).skipped).toEqual([]);
  });

  test('damaged files that were named are refused in one line', async () => {
    const parquet = readFileSync(fixture('codec-zstd.parquet'));
    await put('a.parquet', parquet.subarray(0, 600));
    await expectError(
      ['a.parquet'],
      'a.parquet: expected a whole Parquet file, got 600 bytes without the end of one; download or write it again',
    );
    await put('b.arrow', readFileSync(fixture('file.arrow')).subarray(0, 700));
    await expectError(['b.arrow'], /^b\.arrow: expected .*Arrow.*; write .*again$/);
  });
});
