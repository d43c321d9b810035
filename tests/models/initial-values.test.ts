/** @file The values that a model without weights starts with, as transformers draws them. */
import { describe, expect, it } from 'vitest';
import { buildTextEncoder } from '../../src/models/build.js';
import type { BertConfig } from '../../src/models/config.js';
import { withProjection } from '../../src/models/projection.js';
import { TINY_CLIP, TINY_ROBERTA } from './tiny-configs.js';

const BERT: BertConfig = { ...TINY_ROBERTA, family: 'bert', vocabSize: 60, typeVocabSize: 2 };
const ENCODERS = {
  bert: buildTextEncoder(BERT),
  roberta: buildTextEncoder({ ...BERT, family: 'roberta' }),
  clip: buildTextEncoder({ ...TINY_CLIP, vocabSize: 60 }),
};

/** Checks that values may be drawn from a normal distribution of mean 0: 5 sigma. */
function expectNormal(values: readonly number[], deviation: number, name: string): void {
  const spread = Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length);
  expect(Math.abs(spread / deviation - 1), name).toBeLessThan(5 / Math.sqrt(2 * values.length));
}

describe.each(Object.entries(ENCODERS))('a new %s', (_, encoder) => {
  it('has LayerNorms that change nothing, biases of 0, and the configured deviation elsewhere', () => {
    for (const name of Object.keys(encoder.shapes)) {
      const values = [...encoder.initialise(name, 7)];
      if (name.endsWith('.bias')) expect(new Set(values), name).toEqual(new Set([0]));
      else if (encoder.isBiasOrNorm(name)) expect(new Set(values), name).toEqual(new Set([1]));
      else
        expectNormal(
          values.filter((value) => value !== 0),
          0.02,
          name,
        );
    }
  });
});

it.each([
  ['bert', ['embeddings.word_embeddings.weight']],
  ['roberta', ['embeddings.word_embeddings.weight', 'embeddings.position_embeddings.weight']],
  ['clip', []],
] as const)('rows of zeros are those of padding in a new %s: %j', (family, expected) => {
  const encoder = ENCODERS[family];
  const rows = Object.keys(encoder.shapes)
    .filter((name) => name.includes('embedding') && !encoder.isBiasOrNorm(name))
    .flatMap((name) => {
      const values = encoder.initialise(name, 7);
      const width = encoder.shapes[name][1];
      return Array.from({ length: values.length / width }, (_, row) => ({ name, row })).filter(({ row }) =>
        values.subarray(row * width, (row + 1) * width).every((value) => value === 0),
      );
    });
  expect(rows).toEqual(expected.map((name) => ({ name, row: BERT.padTokenId })));
});

it('a projection keeps the scale of what it maps; it decays like other weights, and is trained with any loss', () => {
  const encoder = withProjection(ENCODERS.roberta, 64);
  expectNormal([...encoder.initialise('projection.weight', 7)], 1 / Math.sqrt(16), 'weight');
  expect(new Set(encoder.initialise('projection.bias', 7))).toEqual(new Set([0]));
  expect(encoder.initialise('pooler.dense.weight', 7)).toEqual(ENCODERS.roberta.initialise('pooler.dense.weight', 7));
  const named = (is: (name: string) => boolean): string[] =>
    ['projection.weight', 'projection.bias', 'pooler.dense.weight', 'pooler.dense.bias'].filter(is);
  expect(named((name) => encoder.isBiasOrNorm(name))).toEqual(['projection.bias', 'pooler.dense.bias']);
  expect(named((name) => encoder.isPooler(name))).toEqual(['pooler.dense.weight', 'pooler.dense.bias']);
});
