import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { InputError } from '../../../src/base/errors.js';
import { probeArrow, readArrow } from '../../../src/data/readers/arrow.js';
import { temporaryFolder } from '../../cli.js';
import { damagedCopies, fixture, PAIRS, rowsOf, sourceOf } from './typed.js';

describe('Arrow data', () => {
  test.each(['lz4.feather', 'zstd.feather'])('compressed, in %s', async (name) => {
    expect(await rowsOf(readArrow(sourceOf(fixture(name))))).toEqual(PAIRS);
  });

  test('in compressed blocks that refer to earlier ones', async () => {
    const rows = await rowsOf(readArrow(sourceOf(fixture('long-lz4.feather'))));
    expect(rows).toEqual(Array.from({ length: 9000 }, (_, i) => [`빨간 공 ${i}`, `${i} red balls`]));
  });

  test('is read although other columns have types that the decoder does not know, in structs, too', async () => {
    const source = sourceOf(fixture('unread.arrow'), { ko: 'translation.ko', en: 'translation.en' });
    expect(await rowsOf(readArrow(source))).toEqual(PAIRS);
    const { columns, unread } = await probeArrow(source.files[0], 0);
    expect(columns).toEqual(['sparse', 'translation.ko', 'translation.en', 'none', 'id']);
    expect(unread.map(({ name, kind }) => `${name}: ${kind}`)).toEqual([
      'run: run-end encoded columns',
      'run of views: run-end encoded columns',
      'run of dictionary: run-end encoded columns',
      'dense: list views',
      'fixed: list views',
      'translation.views: list views',
    ]);
  });

  test('as Polars writes it is read by its footer, with dictionaries after the batches', async () => {
    const source = sourceOf(fixture('polars.arrow'));
    expect(await rowsOf(readArrow(source))).toEqual(PAIRS);
    const { unread } = await probeArrow(source.files[0], 0);
    expect(unread).toEqual([{ name: 'id', kind: 'integers of 128 bits' }]);
  });

  test('that is damaged anywhere does not hang', async () => {
    const path = join(temporaryFolder(), 'damaged.arrow');
    for (const name of ['file.arrow', 'lz4.feather', 'zstd.feather', 'polars.arrow', 'unread.arrow']) {
      const prefix = name === 'unread.arrow' ? 'translation.' : '';
      const columns = { ko: `${prefix}ko`, en: `${prefix}en` };
      for (const bytes of damagedCopies(fixture(name), 0, name === 'unread.arrow' ? 41 : 5)) {
        writeFileSync(path, bytes);
        const error: unknown = await rowsOf(readArrow(sourceOf(path, columns))).catch((thrown: unknown) => thrown);
        if (!Array.isArray(error)) expect(error).toBeInstanceOf(InputError);
      }
    }
  }, 60_000);

  test.each(['no-rows.arrow', 'no-rows-nested.arrow'])('without rows, in %s, gives none', async (name) => {
    const prefix = name.includes('nested') ? 'translation.' : '';
    const columns = { ko: `${prefix}ko`, en: `${prefix}en` };
    const source = sourceOf(fixture(name), columns);
    expect((await probeArrow(source.files[0], 2)).columns).toEqual(expect.arrayContaining(Object.values(columns)));
    expect(await rowsOf(readArrow(source))).toEqual([]);
  });

  test('that is concatenated, or cut off after its batches, is refused in one line', async () => {
    const path = join(temporaryFolder(), 'joined.arrow');
    const refusal = async (...parts: Buffer[]): Promise<string> => {
      writeFileSync(path, Buffer.concat(parts));
      return rowsOf(readArrow(sourceOf(path))).then(String, (error: unknown) => (error as Error).message);
    };
    const [file, stream] = ['file.arrow', 'dictionary.arrow'].map((name) => readFileSync(fixture(name)));
    for (const whole of [file, stream])
      expect(await refusal(whole, whole)).toMatch(
        /^joined\.arrow: expected nothing after the end of the Arrow data, got \d+ bytes; split joined files$/,
      );
    const polars = readFileSync(fixture('polars.arrow'));
    expect(await refusal(polars, polars)).toMatch(
      /^joined\.arrow: expected an Arrow file with a whole footer, got \d+ bytes .+; split joined files$/,
    );
    expect(await refusal(polars.subarray(0, -3))).toMatch(/^joined\.arrow: expected an Arrow file with its footer/);
    expect(await refusal(file.subarray(0, -3))).toMatch(/^joined\.arrow: expected an Arrow file with its end mark/);
    writeFileSync(path, Buffer.concat([stream, Buffer.alloc(100)]));
    expect(await rowsOf(readArrow(sourceOf(path)))).toEqual(PAIRS);
  });

  test('with references to missing dictionary entries is refused', async () => {
    const path = join(temporaryFolder(), 'entries.arrow');
    const bytes = readFileSync(fixture('long-numbers.arrow'));
    const numbers = Buffer.from(BigInt64Array.of(3n, 4n).buffer);
    const at = bytes.indexOf(numbers);
    expect(at).toBeGreaterThan(0);
    bytes.writeBigInt64LE(77n, at);
    writeFileSync(path, bytes);
    await expect(rowsOf(readArrow(sourceOf(path)))).rejects.toThrow(
      'entries.arrow: expected a sound Arrow file, got one that is damaged or not supported (entry 77 of a dictionary ' +
        'of 5); write it again',
    );
  });

  test.each(['file.arrow', 'dictionary.arrow', 'bytes.arrow', 'long-numbers.arrow', 'early.arrow'])(
    'in %s',
    async (name) => {
      expect(await rowsOf(readArrow(sourceOf(fixture(name))))).toEqual(PAIRS);
    },
  );

  test('of a data set with the texts in a struct, in two shards', async () => {
    const columns = { ko: 'translation.ko', en: 'translation.en' };
    const shards = [0, 1].map((i) => sourceOf(fixture(`dataset/data-0000${i}-of-00002.arrow`), columns));
    expect([...(await rowsOf(readArrow(shards[0]))), ...(await rowsOf(readArrow(shards[1])))]).toEqual(PAIRS);
    const { columns: found, rows } = await probeArrow(shards[0].files[0], 2);
    expect(found).toEqual(['translation.ko', 'translation.en']);
    expect(rows).toEqual(PAIRS.slice(0, 2));
  });

  test('that is cut off anywhere is refused', async () => {
    const path = join(temporaryFolder(), 'cut.arrow');
    const whole = readFileSync(fixture('dataset/data-00000-of-00002.arrow'));
    for (let end = 0; end < whole.length - 8; end += 8) {
      writeFileSync(path, whole.subarray(0, end));
      const columns = { ko: 'translation.ko', en: 'translation.en' };
      const error: unknown = await rowsOf(readArrow(sourceOf(path, columns))).catch((thrown: unknown) => thrown);
      expect(error, String(end)).toBeInstanceOf(InputError);
      expect((error as InputError).message).toMatch(/^cut\.arrow: expected .*; write .*$/);
    }
  });

  test('that is damaged after its schema gives rows or is refused in one line', async () => {
    const path = join(temporaryFolder(), 'damaged.arrow');
    for (const bytes of damagedCopies(fixture('file.arrow'), 600)) {
      writeFileSync(path, bytes);
      const error: unknown = await rowsOf(readArrow(sourceOf(path))).catch((thrown: unknown) => thrown);
      if (!Array.isArray(error)) expect(error).toBeInstanceOf(InputError);
    }
  });
});
