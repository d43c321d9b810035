/** @file Correlations over more pairs than are encoded together. */
import { expect, it } from 'vitest';
import type { ModelUnderTest } from '../../src/evaluate/model.js';
import { evaluateSts } from '../../src/evaluate/sts.js';

/** A model of width 2 whose outputs are the unit vector with the cosine that a text names. */
const MODEL: ModelUnderTest = {
  facts: { name: 'cosines', role: 'student', source: 'none', parameters: 0, bytes: null, width: 2 },
  tokenizer: {
    maxLength: 1,
    padId: 0,
    vocabSize: 10_001,
    fingerprint: '',
    filesFingerprint: '',
    encode: () => {
      throw new Error('not wanted');
    },
    encodeInto(text, target, at) {
      target[at] = Math.round(10_000 * Number(text));
      return 1;
    },
  },
  engine: {
    batchSize: 16,
    encode(ids) {
      const vectors = Float32Array.from([...ids].flatMap((id) => [id / 10_000, Math.sqrt(1 - (id / 10_000) ** 2)]));
      return Promise.resolve({ lastHiddenState: vectors, poolerOutput: vectors });
    },
    positionsFor: () => 1,
    dispose: () => undefined,
  },
};

it('places the similarities of every window', async () => {
  const pairs = Array.from({ length: 2500 }, (_, i) => ({
    score: i / 500,
    sentence1: '1',
    sentence2: String(i / 2500),
  }));
  const done: number[] = [];
  const [scores] = await evaluateSts([MODEL], pairs, 16, (count) => {
    done.push(count);
  });
  for (const pooling of ['pooled', 'mean'] as const) {
    expect(scores.correlation[pooling].spearman).toBeCloseTo(1, 12);
    expect(scores.correlation[pooling].pearson).toBeCloseTo(1, 6);
  }
  expect(done.at(-1)).toBe(2500);
  expect(done).toEqual([...done].sort((a, b) => a - b));
});
