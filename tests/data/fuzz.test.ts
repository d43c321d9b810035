/** @file Damaged files of pairs, and a damaged token store. */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readManifest } from '../../src/data/store/manifest.js';
import { openStore, textsOf } from '../../src/data/store/token-store.js';
import { findSources, readSource } from '../../src/data/sources.js';
import { temporaryFolder } from '../cli.js';
import { MUTATIONS, mutate, refusals } from '../mutations.js';
import { randomIntegers } from '../weights/support.js';
import { newFolder, prepareInto, writePairs } from './prepare/support.js';

const PAIRS = [
  ['노란색 차', 'a yellow car'],
  ['집, "큰"', 'a big\nhouse'],
  ['말을 타는 남자', 'a man riding a horse'],
];
const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;

it.each([
  ['pairs.csv', ['ko,en', ...PAIRS.map((pair) => pair.map(quoted).join())].join('\n')],
  ['pairs.jsonl', PAIRS.map(([ko, en]) => JSON.stringify({ ko, en })).join('\n')],
  ['pairs.json', JSON.stringify({ data: PAIRS.map(([ko, en]) => ({ ko, en })) })],
])(
  `a ${MUTATIONS} times damaged %s gives rows or is refused in one line`,
  async (name, original) => {
    const path = join(temporaryFolder(), name);
    let rows = 0;
    const refused = await refusals(MUTATIONS, randomIntegers(11), async (random) => {
      writeFileSync(path, mutate(Buffer.from(original), random));
      const { sources } = await findSources([path], {});
      for (const source of sources) for await (const row of readSource(source)) rows += row.file === '' ? 0 : 1;
    });
    expect(rows).toBeGreaterThan(MUTATIONS / 4);
    expect(refused).toBeLessThan(MUTATIONS);
  },
  600_000,
);

describe('a damaged token store', () => {
  /** Prepares a store; `attempt` reads it with its first shard replaced by other bytes. */
  async function damagedStore() {
    const folder = newFolder();
    await prepareInto(folder, [
      writePairs(Array.from({ length: 24 }, (_, i): [string, string] => [`문장 ${i}`, `sentence ${i}`])),
    ]);
    const manifest = await readManifest(folder);
    const [shard, ...others] = manifest.shards;
    const attempt = async (bytes: Buffer, sha256: string): Promise<void> => {
      writeFileSync(join(folder, shard.file), bytes);
      writeFileSync(
        join(folder, 'manifest.json'),
        JSON.stringify({ ...manifest, shards: [{ ...shard, bytes: bytes.length, sha256 }, ...others] }),
      );
      const store = await openStore(folder);
      try {
        for (const row of await store.training.read(0, store.training.count)) textsOf(row);
      } finally {
        await store.close();
      }
    };
    return { original: readFileSync(join(folder, shard.file)), shard, attempt };
  }

  it(`is refused in one line by its checksum, wherever it is damaged, ${MUTATIONS} times`, async () => {
    const { original, shard, attempt } = await damagedStore();
    let changed = 0;
    const refused = await refusals(MUTATIONS, randomIntegers(11), async (random) => {
      const bytes = mutate(original, random);
      if (!bytes.equals(original)) changed++;
      await attempt(bytes, shard.sha256);
    });
    expect(refused).toBe(changed);
  }, 600_000);

  // Arrow's decoder trusts the lengths in the metadata, which only the checksum protects.
  it(
    'is read or refused in one line where the checksum is forged and texts, ids or their places are damaged, ' +
      `${MUTATIONS} times`,
    async () => {
      const { original, attempt } = await damagedStore();
      const [start, end] = [
        original.indexOf('문장') - 4 * 32,
        original.lastIndexOf(Buffer.from([255, 255, 255, 255, 0, 0, 0, 0])),
      ];
      const refused = await refusals(MUTATIONS, randomIntegers(11), async (random) => {
        const bytes = Buffer.concat([
          original.subarray(0, start),
          mutate(original.subarray(start, end), random),
          original.subarray(end),
        ]);
        await attempt(bytes, createHash('sha256').update(bytes).digest('hex'));
      });
      expect(refused).toBeGreaterThan(MUTATIONS / 10);
      expect(refused).toBeLessThan(MUTATIONS);
    },
    600_000,
  );
});
