import { cpSync, readFileSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { tableFromIPC, type Table } from 'apache-arrow';
import { beforeAll, describe, expect, test } from 'vitest';
import { InputError } from '../../../src/base/errors.js';
import { contentFingerprint, isStore, readManifest } from '../../../src/data/store/manifest.js';
import { openStore, textsOf } from '../../../src/data/store/token-store.js';
import { newFolder, prepareInto, WORDS, writePairs } from '../prepare/support.js';

const COUNT = 3000;
const PAIRS = Array.from({ length: COUNT }, (_, i): [string, string] => [
  `한국어 문장 ${i}`,
  `sentence number ${i}${' more'.repeat(i % 9)}`,
]);

const store = newFolder();
beforeAll(() => prepareInto(store, [writePairs(PAIRS)]));

function idsOf(encoder: (typeof WORDS)['teacher'], text: string): number[] {
  const ids = new Int32Array(77);
  const length = encoder.encodeInto(text, ids, 0);
  return [...ids.subarray(0, length)];
}

describe('the files of a store', () => {
  const tables = async (): Promise<Table[]> => {
    const { shards } = await readManifest(store);
    return shards.map(({ file }) => tableFromIPC(readFileSync(path.join(store, file))));
  };

  test('are Arrow files that any Arrow reader can read, with all columns', async () => {
    const [training, validation] = await tables();
    expect(training.schema.fields.map((field) => `${field.name}: ${String(field.type)}`)).toEqual([
      'ko: Utf8',
      'en: Utf8',
      'corpus: Dictionary<Int8, Utf8>',
      'split: Dictionary<Int8, Utf8>',
      'teacher_en: List<Uint16>',
      'student_en: List<Uint16>',
      'student_ko: List<Uint16>',
    ]);
    for (const [table, side, row] of [
      [training, 'training', 0],
      [training, 'training', 1024],
      [validation, 'validation', 5],
    ] as const) {
      const { ko, en, corpus, split } = table.get(row)!.toJSON() as Record<string, string>;
      const ids = table.get(row)!.toJSON() as Record<string, Iterable<number>>;
      expect(PAIRS).toContainEqual([ko, en]);
      expect([corpus, split]).toEqual(['other', side]);
      expect([...ids.teacher_en]).toEqual(idsOf(WORDS.teacher, en));
      expect([...ids.student_en]).toEqual(idsOf(WORDS.student, en));
      expect([...ids.student_ko]).toEqual(idsOf(WORDS.student, ko));
    }
  });

  test('have ids of 32 bits where a vocabulary does not fit 16', async () => {
    const large = newFolder();
    const encodeInto: (typeof WORDS)['student']['encodeInto'] = (text, target, at) => {
      target.set([0, 65_535, 65_536, 501_152, text.length], at);
      return 5;
    };
    const tokenizers = { ...WORDS, student: { ...WORDS.student, vocabSize: 501_153, encodeInto } };
    await prepareInto(large, [writePairs(PAIRS)], {}, tokenizers);
    const { shards } = await readManifest(large);
    const table = tableFromIPC(readFileSync(path.join(large, shards[0].file)));
    expect(table.schema.fields.slice(4).map(({ type }) => String(type))).toEqual([
      'List<Uint16>',
      'List<Uint32>',
      'List<Uint32>',
    ]);
    const opened = await openStore(large);
    const [row] = await opened.training.read(1500, 1);
    const { ids, starts } = row.block.columns.student_ko;
    const { ko } = textsOf(row);
    expect([...ids.subarray(starts[row.place], starts[row.place + 1])]).toEqual([
      0,
      65_535,
      65_536,
      501_152,
      ko.length,
    ]);
    await opened.close();
  });

  test('contain every pair once', async () => {
    const texts = (await tables()).flatMap((table) => [...table.getChild('ko')!] as string[]);
    expect(texts.sort()).toEqual(PAIRS.map(([ko]) => ko).sort());
  });
});

describe('an open store', () => {
  test('returns any rows, even across the blocks of a file', async () => {
    const opened = await openStore(store);
    const { training } = opened;
    const all = (await training.read(0, training.count)).map((row) => textsOf(row));
    expect(new Set(all.map(({ ko }) => ko)).size).toBe(training.count);
    for (const [start, count] of [
      [0, 1],
      [1020, 10],
      [1023, 1],
      [1024, 1],
      [training.count - 1, 1],
      [5, 0],
    ]) {
      expect((await training.read(start, count)).map((row) => textsOf(row))).toEqual(all.slice(start, start + count));
    }
    await expect(training.read(training.count, 1)).rejects.toThrow(
      new RangeError(`rows ${training.count} to ${training.count} of ${training.count}`),
    );
    await opened.close();
  });

  test('is identified by its rows and their order', async () => {
    const fingerprint = contentFingerprint(await readManifest(store));
    const [again, other] = [newFolder(), newFolder()];
    await prepareInto(again, [writePairs([...PAIRS].reverse())]);
    await prepareInto(other, [writePairs(PAIRS)], { seed: 43 });
    expect(contentFingerprint(await readManifest(again))).toBe(fingerprint);
    expect(contentFingerprint(await readManifest(other))).not.toBe(fingerprint);
  });
});

describe('a damaged store', () => {
  /** The error when all rows of a copy are read after it was modified. */
  const refused = async (damage: (folder: string) => void): Promise<string> => {
    const copy = newFolder();
    cpSync(store, copy, { recursive: true });
    damage(copy);
    const readFirst = async (): Promise<void> => {
      const opened = await openStore(copy);
      try {
        await opened.training.read(0, 1);
      } finally {
        await opened.close();
      }
    };
    const error = await readFirst().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(InputError);
    return (error as InputError).message.replaceAll(copy, 'STORE');
  };
  const shard = (folder: string): string => path.join(folder, 'training-00000.arrow');

  test('is not a store without its manifest', async () => {
    const copy = newFolder();
    cpSync(store, copy, { recursive: true });
    expect(await isStore(copy)).toBe(true);
    rmSync(path.join(copy, 'manifest.json'));
    expect(await isStore(copy)).toBe(false);
  });

  test('is detected by its size', async () => {
    const { bytes } = (await readManifest(store)).shards[0];
    expect(
      await refused((folder) => {
        truncateSync(shard(folder), 1000);
      }),
    ).toBe(
      `STORE/training-00000.arrow: expected a file of ${bytes} bytes, got 1000 bytes; prepare it again with kd ` +
        'prepare --out STORE',
    );
    expect(
      await refused((folder) => {
        rmSync(shard(folder));
      }),
    ).toBe(
      `STORE/training-00000.arrow: expected a file of ${bytes} bytes, got no such file; prepare it again with ` +
        'kd prepare --out STORE',
    );
  });

  test('is detected by its checksum, even for a single bit', async () => {
    const flip = (folder: string): void => {
      const bytes = readFileSync(shard(folder));
      bytes[bytes.length >> 1] ^= 1;
      writeFileSync(shard(folder), bytes);
    };
    expect(await refused(flip)).toMatch(
      /^STORE\/training-00000\.arrow: expected the SHA-256 [0-9a-f]{64}, got [0-9a-f]{64}; prepare the data again$/,
    );
  });

  test('is detected even if it was changed after it was opened', async () => {
    const copy = newFolder();
    cpSync(store, copy, { recursive: true });
    const whole = readFileSync(shard(copy));
    const opened = await openStore(copy);
    await opened.check();
    utimesSync(shard(copy), 1, 1); // the contents are the same
    expect(await opened.training.read(0, 1)).toHaveLength(1);
    writeFileSync(shard(copy), whole.with(100, whole[100] ^ 1));
    const changed = `${shard(copy)}: expected the SHA-256 `;
    await expect(opened.training.read(1024, 1)).rejects.toThrow(changed);
    truncateSync(shard(copy), 1000);
    await expect(opened.training.read(2048, 1)).rejects.toThrow(changed);
    writeFileSync(shard(copy), whole);
    expect(await opened.training.read(1025, 1)).toHaveLength(1);
    await opened.close();
  });

  test('is detected by its manifest', async () => {
    const manifest = (text: string) => (folder: string) => {
      writeFileSync(path.join(folder, 'manifest.json'), text);
    };
    expect(await refused(manifest('{"format": "kd token store"'))).toMatch(
      /^STORE\/manifest\.json: expected JSON, got .*; prepare it again with kd prepare --out STORE$/,
    );
    expect(await refused(manifest('{"format": "kd token store", "version": 2}'))).toBe(
      'STORE/manifest.json: expected "kd token store" of version 1, got "kd token store" of version 2; prepare ' +
        'it again with kd prepare --out STORE',
    );
  });
});
