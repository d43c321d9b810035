import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { InputError } from '../../../src/base/errors.js';
import { probeParquet, readParquet } from '../../../src/data/readers/parquet.js';
import { temporaryFolder } from '../../cli.js';
import { damagedCopies, fixture, PAIRS, rowsOf, sourceOf } from './typed.js';

describe('a Parquet file', () => {
  test.each(['none', 'snappy', 'gzip', 'zstd', 'lz4', 'brotli'])('compressed by %s', async (codec) => {
    expect(await rowsOf(readParquet(sourceOf(fixture(`codec-${codec}.parquet`))))).toEqual(PAIRS);
  });

  test.each(['large-string', 'binary', 'pages-v2', 'small-pages', 'delta'])('with %s', async (name) => {
    expect(await rowsOf(readParquet(sourceOf(fixture(`${name}.parquet`))))).toEqual(PAIRS);
  });

  test('with the texts in a struct', async () => {
    const source = sourceOf(fixture('nested.parquet'), { ko: 'translation.ko', en: 'translation.en' });
    expect(await rowsOf(readParquet(source))).toEqual(PAIRS);
    const { columns, rows } = await probeParquet(source.files[0], 2);
    expect(columns).toEqual(['translation.ko', 'translation.en']);
    expect(rows).toEqual(PAIRS.slice(0, 2));
  });

  test('with numbers as texts has unreadable rows, and an empty one none', async () => {
    const numbers = await rowsOf(readParquet(sourceOf(fixture('numbers.parquet'))));
    expect(numbers).toEqual([
      'expected text in ko, got 1; write it as text',
      'expected text in ko, got 2; write it as text',
    ]);
    expect(await rowsOf(readParquet(sourceOf(fixture('empty.parquet'))))).toEqual([]);
  });

  test('in gzip is read', async () => {
    const path = join(temporaryFolder(), 'a.parquet.gz');
    writeFileSync(path, gzipSync(readFileSync(fixture('codec-zstd.parquet'))));
    const source = sourceOf(path);
    expect(await rowsOf(readParquet({ ...source, files: [{ ...source.files[0], isGzip: true }] }))).toEqual(PAIRS);
  });

  test('that is damaged anywhere gives rows or is refused in one line', async () => {
    const path = join(temporaryFolder(), 'damaged.parquet');
    let refused = 0;
    for (const name of ['codec-snappy.parquet', 'nested.parquet', 'pages-v2.parquet', 'delta.parquet']) {
      for (const bytes of damagedCopies(fixture(name))) {
        writeFileSync(path, bytes);
        const columns = name === 'nested.parquet' ? { ko: 'translation.ko', en: 'translation.en' } : undefined;
        const error: unknown = await rowsOf(readParquet(sourceOf(path, columns))).catch((thrown: unknown) => thrown);
        if (Array.isArray(error)) continue;
        refused++;
        expect(error).toBeInstanceOf(InputError);
        expect((error as InputError).message).toMatch(/^damaged\.parquet: expected .*; .*$/);
      }
    }
    expect(refused).toBeGreaterThan(200);
  });

  test('with references to missing dictionary entries is refused', async () => {
    const path = join(temporaryFolder(), 'entries.parquet');
    const bytes = readFileSync(fixture('codec-none.parquet'));
    const numbers = bytes.indexOf(Buffer.from('0303884600', 'hex')); // 0 to 4, of three bits each
    expect(numbers).toBeGreaterThan(0);
    bytes[numbers + 3] = 0x76; // 7 instead of 4
    writeFileSync(path, bytes);
    await expect(rowsOf(readParquet(sourceOf(path)))).rejects.toThrow(
      'entries.parquet: expected a sound Parquet file, got one that is damaged or not supported (a value that is not ' +
        'in its dictionary); write it again',
    );
  });

  test('that is cut short or encrypted is reported as such', async () => {
    const path = join(temporaryFolder(), 'a.parquet');
    const refusal = async (bytes: Buffer): Promise<string> => {
      writeFileSync(path, bytes);
      return rowsOf(readParquet(sourceOf(path))).then(String, (error: unknown) => (error as Error).message);
    };
    expect(await refusal(Buffer.from('PAR1 and so on, but no end'))).toBe(
      'a.parquet: expected a whole Parquet file, got 26 bytes without the end of one; download or write it again',
    );
    expect(await refusal(Buffer.from('PARE and so on to the PARE'))).toBe(
      'a.parquet: expected a Parquet file that can be read, got an encrypted one; write it without encryption',
    );
  });
});
