import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { crc32, gzipSync } from 'node:zlib';
import iconv from 'iconv-lite';
import { describe, expect, test } from 'vitest';
import { writeZip } from '../archives.js';
import { readingFolder } from '../reading.js';
import { countCpuTime } from '../../cpu-time.js';

const { put, read, find, expectError, inFolder } = readingFolder();

const ROWS = Array.from({ length: 2000 }, (_, i) => `문장 ${i},sentence ${i} ${(i * 7919) % 10007}`);
const CSV = `ko,en\n${ROWS.join('\n')}`;

describe('an archive', () => {
  test('gives the same as its files, compressed or stored, at any depth', async () => {
    await put('plain.csv', CSV);
    const expected = (await read()).map(([ko, en, place]) => [
      ko,
      en,
      place.replace('plain.csv', 'a.zip/하나/둘/plain.csv'),
    ]);
    for (const store of [false, true]) {
      writeZip(inFolder('zip/a.zip'), [['하나/둘/plain.csv', CSV]], { store });
      expect((await read(['zip/a.zip'])).map(([ko, en, place]) => [ko, en, place.replace('zip/', '')])).toEqual(
        expected,
      );
    }
  });

  test('may have names in UTF-8, flagged or not, decomposed, or in code page 949', async () => {
    writeZip(inFolder('a.zip'), [
      ['가.csv', 'ko,en\n차,car\n'],
      [Buffer.from('나.csv'.normalize('NFD')), 'ko,en\n배,pear\n'],
      [iconv.encode('똠.csv', 'cp949'), 'ko,en\n감,persimmon\n'],
      [Buffer.from([0x82, 0x2e, 0x63, 0x73, 0x76]), 'ko,en\n집,house\n'], // é in code page 437
    ]);
    expect((await read()).map(([, , place]) => place)).toEqual([
      'a.zip/é.csv:2',
      'a.zip/가.csv:2',
      'a.zip/나.csv:2',
      'a.zip/똠.csv:2',
    ]);
  });

  test('skips files added by macOS, hidden files, documentation and models', async () => {
    writeZip(inFolder('a.zip'), [
      ['a.csv', 'ko,en\n차,car\n'],
      ['__MACOSX/._a.csv', 'x'],
      ['.DS_Store', 'x'],
      ['README.md', 'x'],
      ['model/config.json', '{"model_type": "roberta"}'],
      ['model/vocab.json', '{"a": 1}'],
      ['inner.zip', 'x'],
    ]);
    const { sources, skipped } = await find();
    expect(sources.map(({ id }) => id)).toEqual(['a.zip/a.csv']);
    expect(skipped).toEqual([{ file: 'a.zip/inner.zip', why: 'an archive inside an archive; unpack the outer one' }]);
  });

  test('names files that are encrypted or use an unknown compression', async () => {
    writeZip(inFolder('a.zip'), [
      ['a.csv', 'ko,en\n차,car\n'],
      ['b.csv', CSV],
      ['c.csv', CSV],
    ]);
    const bytes = readFileSync(inFolder('a.zip'));
    const headerOf = (name: string): number => bytes.lastIndexOf(name) - 46;
    bytes.writeUInt16LE(bytes.readUInt16LE(headerOf('b.csv') + 8) | 1, headerOf('b.csv') + 8);
    bytes.writeUInt16LE(9, headerOf('c.csv') + 10);
    writeFileSync(inFolder('a.zip'), bytes);
    expect((await find()).skipped).toEqual([
      { file: 'a.zip/b.csv', why: 'encrypted in its archive; unpack the archive with its password' },
      { file: 'a.zip/c.csv', why: 'compressed by method 9, which is not supported; unpack the archive' },
    ]);
  });
});

describe('a damaged archive', () => {
  test('reads the last of the files of one path, as unpacking leaves it, and tells of the others', async () => {
    const csv = (ko: string, en: string): string => `ko,en\n${ko},${en}\n`;
    writeZip(inFolder('a.zip'), [
      ['a.csv', csv('차', 'car')],
      ['b.csv', csv('말', 'horse')],
      ['a.csv', csv('배', 'pear')],
      ['b.csv', csv('말', 'horse')],
      ['b.csv', csv('말', 'horse')],
      ['c/A.csv', csv('집', 'house')],
      ['c/a.csv', csv('문', 'door')],
    ]);
    expect((await read()).map(([ko, , place]) => [ko, place])).toEqual([
      ['배', 'a.zip/a.csv:2'],
      ['집', 'a.zip/c/A.csv:2'],
      ['문', 'a.zip/c/a.csv:2'],
      ['말', 'a.zip/b.csv:2'],
    ]);
    const why = 'of this very name, replaced by the last one as when unpacked; rename each to use all';
    expect((await find()).skipped).toEqual([
      { file: 'a.zip/a.csv', why: `an earlier file ${why}` },
      { file: 'a.zip/b.csv', why: `2 earlier files ${why}` },
    ]);
  });

  test('names damage to the header of a file, not a missing column', async () => {
    writeZip(inFolder('a.zip'), [['a.csv', 'ko,en\n차,car\n']], { store: true });
    const bytes = readFileSync(inFolder('a.zip'));
    bytes[bytes.indexOf('ko,en')] ^= 0x01;
    writeFileSync(inFolder('a.zip'), bytes);
    await expectError(
      ['a.zip'],
      'a.zip/a.csv: expected the 14 bytes that its archive names, got others (their checksum differs); download the ' +
        'archive again',
    );
  });

  test('names the file if it is cut short', async () => {
    writeZip(inFolder('a.zip'), [['a.csv', CSV]]);
    truncateSync(inFolder('a.zip'), 5000);
    await expectError(
      ['.'],
      /^a\.zip: expected a whole zip archive, got 5000 bytes that are not \(End of central .*\); download it again$/,
    );
  });

  test('names the inner file if bytes inside are changed', async () => {
    writeZip(inFolder('a.zip'), [['a.csv', CSV]], { store: true });
    const bytes = readFileSync(inFolder('a.zip'));
    bytes.write('X', 20_000);
    writeFileSync(inFolder('a.zip'), bytes);
    await expectError(
      ['.'],
      /^a\.zip\/a\.csv: expected the \d+ bytes that its archive names, got others \(.+\); download the archive again$/,
    );
    writeZip(inFolder('a.zip'), [['a.csv', CSV]]);
    const packed = readFileSync(inFolder('a.zip'));
    packed[30 + 'a.csv'.length] = 0x07; // a block of a type that does not exist
    writeFileSync(inFolder('a.zip'), packed);
    await expectError(
      ['.'],
      /^a\.zip\/a\.csv: expected compressed data, got something else .*\(invalid block type\); download .+$/,
    );
  });

  test('names the inner file if its directory points elsewhere', async () => {
    writeZip(inFolder('a.zip'), [['a.csv', CSV]]);
    const bytes = readFileSync(inFolder('a.zip'));
    bytes.writeUInt32LE(7, bytes.lastIndexOf('a.csv') - 4);
    writeFileSync(inFolder('a.zip'), bytes);
    await expectError(
      ['.'],
      'a.zip/a.csv: expected a file at byte 7 of its archive, got something else; download the archive again',
    );
  });
});

/** Makes an archive as archivers without zip64 do: stored files, and an end record that counts modulo 65,536. */
function simpleZip(members: readonly (readonly [name: string, content: string])[], count = members.length): Buffer {
  const [files, directory]: [Buffer[], Buffer[]] = [[], []];
  let offset = 0;
  for (const [name, content] of members) {
    const [path, bytes] = [Buffer.from(name), Buffer.from(content)];
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt32LE(crc32(bytes), 10);
    fields.writeUInt32LE(bytes.length, 14);
    fields.writeUInt32LE(bytes.length, 18);
    fields.writeUInt16LE(path.length, 22);
    const entry = Buffer.alloc(20);
    entry.write('PK\x01\x02', 'latin1');
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    files.push(Buffer.from('PK\x03\x04', 'latin1'), fields, path, bytes);
    directory.push(entry.subarray(0, 6), fields, tail, path);
    offset += 30 + path.length + bytes.length;
  }
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(count % 65_536, 8);
  end.writeUInt16LE(count % 65_536, 10);
  end.writeUInt32LE(
    directory.reduce((sum, { length }) => sum + length, 0),
    12,
  );
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...files, ...directory, end]);
}

describe('a malicious archive', () => {
  /** Makes an archive of one file that claims to unpack to this many bytes. */
  const saying = (name: string, content: string, bytes: number): Buffer => {
    writeZip(inFolder('made.tmp'), [[name, content]]);
    const zip = readFileSync(inFolder('made.tmp'));
    rmSync(inFolder('made.tmp'));
    zip.writeUInt32LE(bytes, zip.lastIndexOf('PK\x01\x02', undefined, 'latin1') + 24);
    return zip;
  };
  const excess = /expected texts, which unpack to at most 200 times as much, got \d+ bytes that unpack to \d+ or more/;

  test('is not unpacked further than texts would be', async () => {
    await put('a.zip', saying('a.csv', `ko,en\n${'차,car\n'.repeat(1000)}`, 3 << 29));
    await put('b.csv', 'ko,en\n차,car\n');
    const { sources, skipped } = await find();
    expect(sources.map(({ id }) => id)).toEqual(['b.csv']);
    expect(skipped).toEqual([{ file: 'a.zip/a.csv', why: expect.stringMatching(excess) as string }]);
    await put('c.xlsx', saying('xl/_rels/workbook.xml.rels', '<Relationships/>', 3 << 29));
    await expectError(['c.xlsx'], excess);
  });

  test('nor does one in gzip', async () => {
    const blank = gzipSync(Buffer.alloc(1 << 24, '\n'));
    await put('a.csv.gz', Buffer.concat([gzipSync('ko,en\n차,car\n'), ...Array.from({ length: 70 }, () => blank)]));
    const computed = countCpuTime();
    await expectError(['a.csv.gz'], excess);
    expect(computed()).toBeLessThan(30_000);
  });

  test('with archives in it is left to the user', async () => {
    writeZip(inFolder('inner.zip'), [['a.csv', 'ko,en\n차,car\n']]);
    writeZip(inFolder('a.zip'), [
      ['b.csv', 'ko,en\n배,pear\n'],
      ['inner.zip', readFileSync(inFolder('inner.zip'))],
    ]);
    rmSync(inFolder('inner.zip'));
    expect((await read()).map(([ko, en]) => [ko, en])).toEqual([['배', 'pear']]);
    expect((await find()).skipped).toEqual([
      { file: 'a.zip/inner.zip', why: 'an archive inside an archive; unpack the outer one' },
    ]);
  });
});

describe('the directory of an archive', () => {
  test('of more files than 16 bits can count, deeply nested, is read by zip64', async () => {
    const files = Array.from({ length: 66_000 }, (_, i) => [`${i}.json`, '{}'] as const);
    writeZip(inFolder('a.zip'), [...files, [`${'n/'.repeat(2000)}a.csv`, 'ko,en\n차,car\n']]);
    const bytes = readFileSync(inFolder('a.zip'));
    expect(bytes.includes(Buffer.from('PK\x06\x06'))).toBe(true);
    expect((await find()).sources.map(({ id }) => id)).toEqual([`a.zip/${'n/'.repeat(2000)}a.csv`]);
  });

  test('of 70,000 files is read completely, though the end record counts modulo 65,536', async () => {
    const members = Array.from(
      { length: 70_000 },
      (_, i) => [`TL/${i}.json`, `{"원문":"문장 ${i}","최종번역문":"s ${i}"}`] as const,
    );
    await put('a.zip', simpleZip(members));
    const rows = await read();
    expect(rows).toHaveLength(70_000);
    expect(new Set(rows.map(([ko]) => ko)).size).toBe(70_000);
  });

  test.each([0, 1, 9])('is trusted rather than the count %i', async (count) => {
    await put(
      'a.zip',
      simpleZip(
        [
          ['a.csv', 'ko,en\n차,car\n'],
          ['b.csv', 'ko,en\n배,pear\n'],
        ],
        count,
      ),
    );
    expect((await read()).map(([ko]) => ko)).toEqual(['차', '배']);
  });

  test('is found after a program, before a comment and before trailing bytes', async () => {
    const zip = simpleZip([['a.csv', 'ko,en\n차,car\n']]);
    const comment = Buffer.from('PK\x05\x06 is how it ends', 'latin1');
    const commented = Buffer.concat([zip, comment]);
    commented.writeUInt16LE(comment.length, zip.length - 2);
    for (const bytes of [
      Buffer.concat([Buffer.alloc(5000, 'x'), zip]),
      commented,
      Buffer.concat([zip, Buffer.alloc(9)]),
    ]) {
      await put('a.zip', bytes);
      expect((await read()).map(([ko]) => ko)).toEqual(['차']);
    }
  });

  test('gives files whose paths only look the same distinct names', async () => {
    await put(
      'a.zip',
      simpleZip([
        ['a.csv', 'ko,en\n차,car\n'],
        ['./a.csv', 'ko,en\n배,pear\n'],
      ]),
    );
    expect((await read()).map(([ko, , place]) => [ko, place])).toEqual([
      ['차', 'a.zip/a.csv:2'],
      ['배', 'a.zip/a (2).csv:2'],
    ]);
  });

  test('may have names with redundant dots and slashes', async () => {
    const names = ['./a.csv', '../b.csv', '/c/./c.csv', 'd//d.csv', 'e/../e.csv', '.\\f.csv'];
    await put('a.zip', simpleZip(names.map((name) => [name, `ko,en\n${name}차,car\n`])));
    const inside = ['a.csv', 'b.csv', 'c/c.csv', 'd/d.csv', 'e.csv', 'f.csv'];
    expect((await read()).map(([, , place]) => place).sort()).toEqual(inside.map((name) => `a.zip/${name}:2`));
  });

  test('that is broken, or whose files overlap, is refused', async () => {
    const zip = simpleZip([
      ['a.csv', 'ko,en\n차,car\n'],
      ['b.csv', 'ko,en\n배,pear\n'],
    ]);
    zip[zip.lastIndexOf('PK\x01\x02', undefined, 'latin1')] = 0;
    await put('a.zip', zip);
    await expectError(
      ['.'],
      /^a\.zip: expected a whole zip archive, .+ \(its directory is broken at byte \d+, after 1 files\)/,
    );
    const bomb = simpleZip([
      ['a.csv', 'ko,en\n차,car\n'],
      ['b.csv', 'ko,en\n배,pear\n'],
    ]);
    bomb.writeUInt32LE(1000, bomb.lastIndexOf('PK\x01\x02', undefined, 'latin1') + 20);
    await put('a.zip', bomb);
    await expectError(['.'], /\(the files in it overlap\)/);
  });
});
