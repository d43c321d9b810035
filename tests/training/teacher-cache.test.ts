import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Batch, Batches } from '../../src/data/batches.js';
import { openTeacherCache } from '../../src/training/teacher-cache/cache.js';
import type { CacheKey } from '../../src/training/teacher-cache/cache-folder.js';
import { createShard, openShard } from '../../src/training/teacher-cache/shard.js';
import { temporaryFolder } from '../cli.js';
import { MUTATIONS, mutate, refusals } from '../mutations.js';
import { randomIntegers } from '../weights/support.js';

const KEY: CacheKey = { teacher: 't', tokenizer: 'k', data: 'd', loss: 'hidden', precision: 'fp32' };
const SHAPE = [2, 3];

/** What the teacher gives for a row of training (sign 1) or validation (-1): values that bfloat16 holds. */
const outputsOf = (row: number, sign = 1): number[] => Array.from({ length: 6 }, (_, i) => sign * (row + i / 8));

/** `pairs` rows in batches of 4, in this order of batches; their ids are `sign`. */
function batchesOf(pairs: number, order: readonly number[], sign = 1): Batches {
  const at = (index: number, epoch?: number): Promise<Batch> => {
    const from = 4 * (epoch === undefined ? index : order[index]);
    const rows = Uint32Array.from({ length: Math.min(4, pairs - from) }, (_, i) => from + i);
    const ids = new Int32Array(rows.length).fill(sign);
    return Promise.resolve({
      size: rows.length,
      teacherIds: ids,
      studentIdsEn: ids,
      studentIdsKo: ids,
      studentTokens: 77,
      rows,
    });
  };
  return { count: Math.ceil(pairs / 4), pairs, at };
}

const DATA = { training: batchesOf(14, [2, 0, 3, 1]), validation: batchesOf(3, [0], -1) };
const teach = ({ rows, teacherIds }: Batch): Promise<Float32Array> =>
  Promise.resolve(Float32Array.from([...rows].flatMap((row) => outputsOf(row, teacherIds[0]))));

/** 5 rows a file, so that batches lie across two. */
const open = (root: string): ReturnType<typeof openTeacherCache> => openTeacherCache(root, KEY, DATA, SHAPE, 5 * 2 * 6);

async function filled(): Promise<{ root: string; folder: string }> {
  const root = temporaryFolder();
  const cache = await open(root);
  await cache.fill(teach, () => undefined);
  return { root, folder: cache.folder };
}

describe('the cache of a teacher', () => {
  it('gives every batch the outputs of its rows, in any order', async () => {
    const { root, folder } = await filled();
    expect(readdirSync(folder).sort()).toEqual([
      'training-00000.safetensors',
      'training-00001.safetensors',
      'training-00002.safetensors',
      'validation-00000.safetensors',
    ]);
    const cache = await open(root);
    expect(cache.missingBytes).toBe(0);
    for (const split of ['training', 'validation'] as const) {
      for (let index = 0; index < DATA[split].count; index++) {
        const { rows, target } = await cache.withTargets(split, DATA[split]).at(index, 1);
        const sign = split === 'training' ? 1 : -1;
        expect([...target!]).toEqual([...rows].flatMap((row) => outputsOf(row, sign)));
      }
    }
    await cache.close();
  });

  it('verifies files of more than 16 MiB in parts, and tells how many bytes each has', async () => {
    const shape = [2 ** 21]; // 4 MiB an output
    const data = { training: batchesOf(10, [0, 1, 2]), validation: batchesOf(1, [0]) };
    const zeros = ({ size }: Batch): Promise<Float32Array> => Promise.resolve(new Float32Array(size * shape[0]));
    const cache = await openTeacherCache(temporaryFolder(), KEY, data, shape);
    await cache.fill(zeros, () => undefined);
    const again = await openTeacherCache(join(cache.folder, '..'), KEY, data, shape);
    const verified: number[] = [];
    await again.check((bytes) => {
      verified.push(bytes / 2 ** 22);
    });
    expect(verified).toEqual([4, 4, 2, 1]);
    expect(again.presentBytes).toBe(11 * 2 ** 22);
    await again.close();
  });

  it('leaves files alone that another process has written meanwhile', async () => {
    const root = temporaryFolder();
    const [first, second] = [await open(root), await open(root)];
    await first.fill(teach, () => undefined);
    const pairs: number[] = [];
    await second.fill(
      () => Promise.reject(new Error('not wanted')),
      (more) => {
        pairs.push(more);
      },
    );
    expect(pairs).toEqual([5, 5, 4, 3]);
  });

  it('continues with the unfinished file', async () => {
    const root = temporaryFolder();
    let taught = 0;
    const cache = await open(root);
    await expect(
      cache.fill(
        (batch) => (taught++ === 2 ? Promise.reject(new Error('killed')) : teach(batch)),
        () => undefined,
      ),
    ).rejects.toThrow('killed');
    expect(readdirSync(cache.folder)).toEqual(['training-00000.safetensors']);
    const again = await open(root);
    expect(again.missingBytes).toBe((9 + 3) * 2 * 6);
    const pairs: number[] = [];
    await again.fill(teach, (more) => {
      pairs.push(more);
    });
    expect(pairs.reduce((sum, more) => sum + more, 0)).toBe(17);
    expect((await open(root)).missingBytes).toBe(0);
  });

  it('detects a flipped byte when reading it, and writes the file again once it is removed', async () => {
    const { root, folder } = await filled();
    const path = join(folder, 'training-00001.safetensors');
    const bytes = readFileSync(path);
    bytes[bytes.length - 1] ^= 1; // in its last row: row 9 of the data
    writeFileSync(path, bytes);
    const cache = await open(root);
    const { at } = cache.withTargets('training', DATA.training);
    expect([...(await at(1)).target!]).toEqual([4, 5, 6, 7].flatMap((row) => outputsOf(row)));
    await expect(at(2)).rejects.toThrow(
      /^\S+training-00001\.safetensors: row 4 \(from 0\): expected the CRC-32 [0-9a-f]{8}, got [0-9a-f]{8}: the file is damaged; remove the file, and it will be written again$/,
    );
    await cache.close();
    rmSync(path);
    const again = await open(root);
    await again.fill(teach, () => undefined);
    expect([...(await again.withTargets('training', DATA.training).at(2)).target!]).toEqual(
      [8, 9, 10, 11].flatMap((row) => outputsOf(row)),
    );
    await again.close();
  });

  it('verifies existing files before they are used', async () => {
    const { root, folder } = await filled();
    const path = join(folder, 'training-00001.safetensors');
    const whole = readFileSync(path);
    const checked = async (): Promise<number> => {
      const cache = await open(root);
      let done = 0;
      try {
        await cache.check((bytes) => {
          done += bytes;
        });
      } finally {
        await cache.close();
      }
      expect(done).toBe(cache.presentBytes);
      return done;
    };
    expect(await checked()).toBe(17 * 2 * 6);
    writeFileSync(path, whole.with(-1, whole.at(-1)! ^ 1));
    await expect(checked()).rejects.toThrow(/training-00001\.safetensors: row 4 \(from 0\): expected the CRC-32 /);
    for (const damaged of [whole.subarray(0, -1), Buffer.from('something else')]) {
      writeFileSync(path, damaged);
      await expect(checked()).rejects.toThrow(/00001\.safetensors: .*; remove the file, and it will be written again$/);
    }
    rmSync(path);
    expect(await checked()).toBe(12 * 2 * 6);
  });

  it('refuses a file without checksums, or of other outputs', async () => {
    const path = join(temporaryFolder(), 'training-00000.safetensors');
    const shard = await createShard(path, [1, 2, 3]);
    await shard.write(0, Float32Array.from(outputsOf(0)));
    await shard.finish();
    await expect(openShard(path, [2, 2, 3])).rejects.toThrow(
      `${path}: expected a tensor target of BF16 [2, 2, 3], got BF16 [1, 2, 3]; remove the file, and it will be ` +
        'written again',
    );
    expect(statSync(path).size).toBeGreaterThan(0);
  });
});

it(`a ${MUTATIONS} times damaged file of outputs gives what was written, or is refused in one line`, async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'original.safetensors');
  const expected = [0, 1, 2].flatMap((row) => outputsOf(row));
  const shard = await createShard(path, [3, ...SHAPE]);
  await shard.write(0, Float32Array.from(expected));
  await shard.finish();
  const original = readFileSync(path);
  const refused = await refusals(MUTATIONS, randomIntegers(11), async (random) => {
    writeFileSync(path, mutate(original, random));
    const opened = await openShard(path, [3, ...SHAPE]);
    try {
      const read = await opened.read(0, 3);
      if (!read.every((value, at) => value === expected[at])) expect([...read]).toEqual(expected);
    } finally {
      await opened.close();
    }
  });
  expect(refused).toBeGreaterThan(MUTATIONS / 2);
  expect(refused).toBeLessThanOrEqual(MUTATIONS);
}, 3_600_000);
