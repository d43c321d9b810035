/** @file Folders with other files beside the pairs: they are named, but do not stop the run. */
import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { InputError } from '../../src/base/errors.js';
import { isUnreadable, type Row } from '../../src/data/pair.js';
import { readSource } from '../../src/data/sources.js';
import { writeZip, workbookBytes } from './archives.js';
import { readingFolder } from './reading.js';
import { countCpuTime } from '../cpu-time.js';
import { fixture } from './readers/typed.js';

const { put, read, find, expectError, inFolder } = readingFolder();

const POINTERS = ['pointer.csv', 'pointer.json', 'pointer.jsonl', 'pointer.parquet', 'pointer.zip', 'pointer.xlsx'];
const CSV = 'ko,en\n차,car\n배,pear\n';

test('an unusable file is listed with the reason, whatever it is', async () => {
  await put('good.csv', CSV);
  await put('comments.json', '// settings\n{"a": 1}\n');
  await put('empty.csv', '');
  await put('empty.json', '');
  await put('latin1.csv', Buffer.from('name,city\nJos\xe9,M\xe1laga\n', 'latin1'));
  await put('page.csv', '<!DOCTYPE html><html><body>404</body></html>');
  const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 12345\n';
  for (const name of POINTERS) await put(name, pointer);
  await put('old.xlsx', Buffer.from('d0cf11e0a1b11ae1'.padEnd(2000, '0'), 'hex'));
  await put('noise.xlsx', Buffer.from([1, 2, 3, 4, 5, 250, 251]));
  await put('not.zip', 'not found');
  await put('line.csv', 'x'.repeat(3 << 20));
  await put('blank.jsonl', '\n'.repeat(1 << 20));
  symlinkSync(inFolder('nowhere'), inFolder('broken.csv'));
  symlinkSync('loop.csv', inFolder('loop.csv'));
  writeFileSync(Buffer.concat([Buffer.from(`${inFolder('')}/`), Buffer.from([0xb0, 0xa1]), Buffer.from('.csv')]), CSV);
  for (const name of ['config.json', 'pipe.csv']) expect(spawnSync('mkfifo', [inFolder(name)]).status).toBe(0);
  const server = createServer().listen(inFolder('socket.csv'));
  await new Promise((resolve) => server.once('listening', resolve));
  const { sources, skipped } = await find();
  server.close();
  expect(sources.map(({ id }) => id)).toEqual(['good.csv']);
  const reasons = Object.fromEntries(skipped.map(({ file, why }) => [file, why]));
  expect(Object.keys(reasons)).toHaveLength(16 + POINTERS.length);
  for (const name of POINTERS) expect(reasons[name]).toMatch(/^the pointer of a Git LFS file; run `git lfs pull`/);
  expect(reasons).toMatchObject({
    'comments.json': expect.stringMatching(/JSON.+got \/\/; remove the comments$/) as string,
    'empty.csv': 'expected a header and rows, got an empty file; download or write it again',
    'latin1.csv': expect.stringMatching(/^line 2: expected text in UTF-8 .+ 0xE9/) as string,
    'page.csv': expect.stringMatching(/^an HTML page/) as string,
    'old.xlsx': expect.stringMatching(/^an old or encrypted Office document/) as string,
    'not.zip': expect.stringMatching(/^not a zip archive/) as string,
    'line.csv': expect.stringMatching(/^line 1: expected a row of at most 1 MiB/) as string,
    'broken.csv': 'a link to a file that is not there',
    'loop.csv': 'it is a link that leads back to itself; remove it',
    'pipe.csv': expect.stringMatching(/^a pipe, socket or device/) as string,
    'socket.csv': expect.stringMatching(/^a pipe, socket or device/) as string,
    'config.json': expect.stringMatching(/^a pipe, socket or device/) as string,
    '\ufffd\ufffd.csv': 'its name is not UTF-8; rename it',
  });
});

test('the reason quotes names from the file on one line, without control characters', async () => {
  await put('a.csv', CSV);
  await put('b.csv', '"원문\n(\u001b[31m)",번역\n차,car\n');
  await put('c.json', '[{"\\u001b[31m": 1}]');
  const { skipped } = await find();
  expect(skipped.map(({ why }) => why)).toEqual([
    expect.stringContaining('got 원문\\n(\\u001b[31m), 번역;'),
    expect.stringContaining('got \\u001b[31m;'),
  ]);
});

test('a token store is distinguished from pairs, whether named or found', async () => {
  await put('store/manifest.json', '{\n  "format": "kd token store"\n}');
  await put('store/training-00000.arrow', 'x');
  await put('other/manifest.json', '{"files": ["training-00000.arrow"]}');
  await put('other/training-00000.arrow', readFileSync(fixture('lz4.feather')));
  await put('piped/training-00000.arrow', readFileSync(fixture('zstd.feather')));
  expect(spawnSync('mkfifo', [inFolder('piped/manifest.json')]).status).toBe(0);
  await expectError(
    ['store'],
    /^store: expected files of pairs, got a token store, which is prepared already; train on it with --data \S+ and no other data$/,
  );
  await put('a.csv', CSV);
  const { sources, skipped } = await find();
  expect(sources.map(({ id }) => id)).toEqual(['a.csv', 'other/training-00000.arrow', 'piped/training-00000.arrow']);
  expect(skipped.map(({ file }) => file)).toEqual(['other/manifest.json', 'piped/manifest.json', 'store']);
  expect(skipped.at(-1)!.why).toBe('a token store, which is prepared already');
});

test('parts of archives and of downloads are distinguished from damaged archives', async () => {
  writeZip(inFolder('whole.zip'), [['a.csv', `ko,en\n차,car${'x'.repeat(9999)}`]]);
  const start = readFileSync(inFolder('whole.zip')).subarray(0, 99);
  for (const name of ['TL.zip.part0', 'TL.z01', 'TL.zip.001', 'TL.zip.crdownload']) await put(`parts/${name}`, start);
  await put('parts/a.csv', CSV);
  const { skipped } = await find(['parts']);
  expect(skipped.map(({ why }) => why)).toEqual([
    'a part of an archive; join the parts, or unpack them together',
    'a part of an archive; join the parts, or unpack them together',
    'a download that has not finished; wait for it, or download it again',
    'a part of a download; join the parts in their order',
  ]);
});

test('a file that has grown or shrunk since it was found is refused: it may be half written', async () => {
  await put('a.csv', CSV);
  await put('b.csv', `${CSV}집,house\n`);
  await put('c.arrow', readFileSync(fixture('file.arrow')));
  await put('d.parquet', readFileSync(fixture('codec-none.parquet')));
  await put(
    'e.xlsx',
    workbookBytes(inFolder('book.tmp'), [
      ['ko', 'en'],
      ['차', 'car'],
    ]),
  );
  for (let i = 0; i < 100; i++) await put(`small/${i}.json`, '{"ko": "차", "en": "car"}');
  const { sources } = await find();
  expect(sources).toHaveLength(6);
  for (const name of ['a.csv', 'c.arrow', 'd.parquet', 'e.xlsx', 'small/7.json']) appendFileSync(inFolder(name), ' ');
  truncateSync(inFolder('b.csv'), CSV.length);
  for (const source of sources) {
    const rows: Row[] = [];
    const error: unknown = await (async () => {
      for await (const row of readSource(source)) rows.push(row);
    })().catch((thrown: unknown) => thrown);
    const faults = rows.flatMap((row) => (isUnreadable(row) ? [row.fault] : []));
    const message = error instanceof InputError ? error.message : faults.join();
    expect(message).toMatch(
      /expected the \d+ bytes that it had when it was found, got \d+; run this again when nothing is writing to it/,
    );
  }
});

test('messages about many files and columns are short, and give each reason once', async () => {
  const columns = Array.from({ length: 300 }, (_, i) => `a column with a long name ${i}`).join();
  for (let i = 0; i < 4; i++) await put(`${i}.csv`, `${columns}\n`);
  await expectError(['.'], /^.{1,500}$/);
  await expectError(['.'], /: expected files of pairs, got 0\.csv, 1\.csv, 2\.csv, 3\.csv \(line 1: .+ and 295 more; /);
});

test.each([
  ['a.csv.lz4', Buffer.from('04224d18', 'hex'), 'compressed by lz4; unpack it'],
  ['a.csv.gz', gzipSync(gzipSync('ko,en\n')), 'compressed by gzip twice; unpack it once'],
  ['a.gz', gzipSync(''), 'expected a header and rows, got an empty file; download or write it again'],
  ['a.csv.lzma', Buffer.from('5d00008000', 'hex'), 'a compressed file; unpack it'],
  ['a.xlf', '<xliff/>', 'a file of a localisation program; export its texts as .tmx or .csv'],
  ['a.bin', 'x\x1e\0\0\x1f', /^not a kind of file/],
])('%s is recognised', async (name, content, why) => {
  await put(name, content);
  await put('b.csv', CSV);
  const [{ why: found }] = (await find()).skipped;
  if (typeof why === 'string') expect(found).toBe(why);
  else expect(found).toMatch(why);
});

test('files left behind by systems and office programs are skipped, in archives, too', async () => {
  const left = ['~$a.xlsx', '._a.csv', '.DS_Store', 'Thumbs.db', 'desktop.ini', '__MACOSX/a.csv', 'sub/~$b.xlsx'];
  for (const name of left) await put(name, 'x');
  await expectError(
    ['.'],
    /: expected files of pairs, got \.DS_Store, .+ \(skipped because of its name\), and 2 more; name the data/,
  );
  writeZip(inFolder('a.zip'), [['a.csv', CSV], ...left.map((name) => [name, 'x'] as const)]);
  const { sources, skipped } = await find();
  expect([sources.map(({ id }) => id), skipped]).toEqual([['a.zip/a.csv'], []]);
});

test('a text that begins with a great many blanks or comments is recognised at once', async () => {
  await put('a.jsonl', `${'\n'.repeat(60_000)}{"ko": "차", "en": "car"}\n`);
  await put('b.csv', `${'<!---->'.repeat(9000)}\n`);
  await put('c.tmx', `<?xml version="1.0"?>${'<!-- > -->'.repeat(100)}<!DOCTYPE tmx><tmx><body/></tmx>`);
  const { sources, skipped } = await find();
  expect(sources.map(({ id }) => id)).toEqual(['a.jsonl']);
  expect(skipped.map(({ file }) => file)).toEqual(['b.csv', 'c.tmx']);
  expect(skipped[1]?.why).toBe('expected texts in ko and en, got no texts; export both languages');
});

test('as many hidden files, and as many columns, as a call cannot have arguments are no bug', async () => {
  const columns = ['ko', 'en', ...Array.from({ length: 150_000 }, (_, i) => i)];
  await put('a.json', JSON.stringify({ columns, data: [['차', 'car']] }));
  const hidden = Array.from({ length: 150_000 }, (_, i) => [`._${i}`, ''] as const);
  writeZip(inFolder('b.zip'), [...hidden, ['b.csv', 'ko,en\n배,pear\n']], { store: true });
  expect((await read()).map(([ko]) => ko)).toEqual(['차', '배']);
});

test('a damaged corpus stops the run, even beside others', async () => {
  await put('good.csv', CSV);
  await put('cut.json', '[{"ko": "차", "en": "car"}, {"ko": "배", "e');
  await expectError(['.'], /^cut\.json: expected JSON up to its last bracket, got the end of the file/);
  await put('cut.json', '{}');
  await put('cut.csv.gz', gzipSync(`ko,en\n${'차,car\n'.repeat(50_000)}`).subarray(0, 400));
  await expectError(
    ['.'],
    /^cut\.csv\.gz: expected data compressed by gzip up to its end, got .+unexpected end of file/,
  );
});

test('a maze of links and 1,000 nested folders are searched once, in seconds', async () => {
  await put('a.csv', CSV);
  for (let i = 0; i < 12; i++) mkdirSync(inFolder(`d${i}`));
  for (let i = 0; i < 12; i++) for (let j = 0; j < 12; j++) symlinkSync(inFolder(`d${j}`), inFolder(`d${i}/to${j}`));
  mkdirSync(inFolder(Array.from({ length: 1000 }, () => 'n').join('/')), { recursive: true });
  await put(join(...Array.from({ length: 1000 }, () => 'n'), 'b.csv'), CSV);
  const computed = countCpuTime();
  expect((await find()).sources).toHaveLength(2);
  expect(computed()).toBeLessThan(20_000);
});

test('1,000 nested folders are searched, and a path too long for the system is listed', async () => {
  await put('a.csv', CSV);
  const deep = join(...Array.from({ length: 1000 }, () => 'nnn'));
  mkdirSync(inFolder(deep), { recursive: true });
  await put(`${deep}/b.csv`, CSV);
  const script = 'for ((i = 0; i < 100; i++)); do mkdir nnn && cd nnn || exit 1; done; echo "ko,en" > c.csv';
  try {
    expect(spawnSync('bash', ['-c', script], { cwd: inFolder(deep) }).status).toBe(0);
    const computed = countCpuTime();
    const { sources, skipped } = await find();
    expect(computed()).toBeLessThan(20_000);
    expect(sources).toHaveLength(2);
    expect(skipped.map(({ why }) => why)).toEqual([
      'its path is longer than the system takes; move it nearer to the root',
    ]);
  } finally {
    spawnSync('rm', ['-rf', inFolder('nnn')]); // Node does not accept longer paths either
  }
});

test('a file with the longest possible path is read', async () => {
  const rest = 4095 - inFolder('').length - 1 - '/b.csv'.length; // PATH_MAX allows 4,095 bytes and a zero
  const names = Array.from({ length: Math.floor(rest / 200) }, () => 'd'.repeat(199));
  names.push('e'.repeat(rest - 200 * names.length || 1));
  await put(`${names.join('/')}/b.csv`, CSV);
  expect((await find()).sources).toHaveLength(1);
});

describe('a misleadingly named file', () => {
  test.each(['a.dat', 'noending', 'a.csv'])('%s: a workbook, an archive, gzip, JSON', async (name) => {
    const expected = [
      ['차', 'car'],
      ['배', 'pear'],
    ];
    const json = JSON.stringify(expected.map(([ko, en]) => ({ ko, en })));
    const texts = async (): Promise<string[][]> => (await read()).map(([ko, en]) => [ko, en]);
    await put(name, workbookBytes(inFolder('book.tmp'), [['ko', 'en'], ...expected]));
    expect(await texts()).toEqual(expected);
    writeZip(inFolder(name), [['inner.csv', CSV]]);
    expect(await texts()).toEqual(expected);
    await put(name, Buffer.concat([gzipSync(CSV.slice(0, 12)), gzipSync(CSV.slice(12))]));
    expect(await texts()).toEqual(expected);
    for (const content of [json, json.slice(1, -1).replace('},', '}\n'), `\ufeff${json}`]) {
      await put(name, content);
      expect(await texts()).toEqual(expected);
    }
  });
});
