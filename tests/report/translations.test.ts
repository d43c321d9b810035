import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compareTranslations } from '../../src/report/translations.js';
import { keepTranslations, readTranslations, TRANSLATIONS_FILE } from '../../src/report/translations-file.js';
import type { TextTokenizer } from '../../src/text/tokenizer.js';
import { temporaryFolder } from '../cli.js';

/** Two tokens a text: its length, and 1 for Hangul. */
const tokenizer = {
  maxLength: 2,
  encodeInto: (text: string, ids: Int32Array, at: number) => {
    ids.set([text.length, /\p{Script=Hangul}/u.test(text) ? 1 : 0], at);
    return 2;
  },
} as unknown as TextTokenizer;

/** Hidden states `[L = 2, D = 2]` (length, 0) and (0, 4), pooled (length, Hangul). */
const engine = {
  encode: (ids: Int32Array, batch: number) =>
    Promise.resolve({
      lastHiddenState: Float32Array.from(Array.from({ length: batch }, (_, i) => [ids[2 * i], 0, 0, 4]).flat()),
      poolerOutput: Float32Array.from(Array.from({ length: batch }, (_, i) => [ids[2 * i], ids[2 * i + 1]]).flat()),
    }),
};

const pairs = [
  { ko: '차', en: 'car' },
  { ko: '사과나무', en: 'apple' },
];

describe('similarities', () => {
  it('are cosines of mean hidden states or of pooled outputs, Korean by English', async () => {
    const mean = await compareTranslations(engine, tokenizer, { pairs, checkpoint: 'step-00000001', pooling: 'mean' });
    // (1, 4)/2 with (3, 4)/2 and (5, 4)/2; (4, 4)/2 with both
    const cosine = (a: number, b: number): number =>
      Number(((a * b + 16) / Math.sqrt((a * a + 16) * (b * b + 16))).toFixed(4));
    expect(mean!.similarity).toEqual([
      [cosine(1, 3), cosine(1, 5)],
      [cosine(4, 3), cosine(4, 5)],
    ]);
    const pooled = await compareTranslations(engine, tokenizer, {
      pairs,
      checkpoint: 'step-00000001',
      pooling: 'pooled',
    });
    expect(pooled!.similarity).toEqual([
      [0.7071, 0.7071],
      [0.9701, 0.9701],
    ]);
  });

  it('are cancelled on request', async () => {
    expect(
      await compareTranslations(engine, tokenizer, { pairs, checkpoint: 'a', pooling: 'mean' }, () => false),
    ).toBeUndefined();
  });

  it('are saved in the run, and made again if the file is damaged', async () => {
    const run = temporaryFolder();
    expect(await readTranslations(run)).toBeUndefined();
    const kept = (await compareTranslations(engine, tokenizer, {
      pairs,
      checkpoint: 'step-00000001',
      pooling: 'mean',
    }))!;
    await keepTranslations(run, kept);
    expect(await readTranslations(run)).toEqual(kept);
    for (const damaged of ['', '{"pairs":[', '{}', JSON.stringify({ ...kept, similarity: [[1]] })]) {
      writeFileSync(join(run, TRANSLATIONS_FILE), damaged);
      expect(await readTranslations(run)).toBeUndefined();
    }
  });
});
