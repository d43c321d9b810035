import { describe, expect, it } from 'vitest';
import { buildStepGraph } from '../../src/engine/graph/step-graph.js';
import { layoutFor } from '../../src/engine/step-layout.js';
import { textLayouts } from '../../src/engine/text-layouts.js';
import { cutTexts, lengthFor, lengthForIds, lengthsOn, textLengths } from '../../src/engine/text-lengths.js';
import { loadBackend } from '../../src/tensorflow/backend.js';
import { randomModel } from '../../src/models/pretrained.js';
import { readConfig } from '../../src/models/config.js';
import { PARITY } from '../fixtures/index.js';

const PAD = 1;
const LENGTHS = { lengths: [16, 24, 40], padding: PAD };

/** Texts with these numbers of tokens, all of id 5, padded to 40. */
const texts = (...tokens: number[]): Int32Array =>
  Int32Array.from(tokens.flatMap((count) => Array.from({ length: 40 }, (_, place) => (place < count ? 5 : PAD))));

const GPU_LAYOUT = layoutFor(true, 'compiled', 'gpu');

describe('the lengths that texts are cut to', () => {
  it('leave a padding position in every text', () => {
    expect([0, 15, 16, 23, 24, 40].map((tokens) => lengthFor(LENGTHS, tokens))).toEqual([16, 16, 24, 24, 40, 40]);
  });

  it('can be derived from ids, too', () => {
    const lengths = [texts(0), texts(3, 15), texts(15, 16), texts(23, 2), texts(2, 24), texts(40)];
    expect(lengths.map((ids) => lengthForIds(LENGTHS, ids))).toEqual([16, 16, 24, 24, 40, 40]);
    const ids = texts(3);
    ids[20] = 7; // padding before a token does not count
    expect(lengthForIds(LENGTHS, ids)).toBe(24);
  });

  it('are one if padding must not be cut off', async () => {
    const { config } = await readConfig(`${PARITY}/teacher`);
    expect(textLengths(randomModel(config, 1).encoder, 77)).toEqual({ lengths: [77], padding: undefined });
    expect(lengthFor({ lengths: [40] }, 3)).toBe(40);
    expect(lengthForIds({ lengths: [40] }, texts(3))).toBe(40);
  });

  it('are shorter than the full text', async () => {
    const { config } = await readConfig(`${PARITY}/student`);
    const { encoder } = randomModel(config, 1);
    expect(textLengths(encoder, 77)).toEqual({ lengths: [16, 24, 32, 48, 64, 77], padding: PAD });
    expect(textLengths(encoder, 24).lengths).toEqual([16, 24]);
    expect(textLengths(encoder, 77, { rate: 0.1 }).lengths).toEqual([77]);
  });

  it('are few on a GPU, where each must be compiled', async () => {
    const { config } = await readConfig(`${PARITY}/student`);
    const { encoder } = randomModel(config, 1);
    const lengths = textLengths(encoder, 77, undefined, GPU_LAYOUT.textLengths);
    expect(lengths).toEqual({ lengths: [32, 48, 77], padding: PAD });
    expect([3, 31, 32, 47, 48].map((tokens) => lengthFor(lengths, tokens))).toEqual([32, 32, 48, 48, 77]);
    for (const work of ['training', 'encoding'] as const) expect(lengthsOn('gpu', work).length).toBeLessThan(4);
    await loadBackend('cpu'); // to record on
    const graph = buildStepGraph(
      { teacher: encoder, student: encoder, loss: 'hidden' },
      { optimizer: 'adamw', weightDecay: 0, batchSize: 1, accumulate: 1, seed: 1, dropout: 0, ...GPU_LAYOUT },
      77,
    );
    expect(graph.passes.map(({ layout }) => layout)).toEqual([
      { rows: 1, length: 77 },
      { rows: 2, length: 77 },
    ]);
  });

  it.each([
    ['large', true, [16, 27, 40, 64]],
    ['small', false, [16, 32, 48, 64]],
  ] as const)('pack the texts of %s models into few numbers of rows on a GPU', async (_, isLarge, rows) => {
    const { config } = await readConfig(`${PARITY}/student`);
    const layout = layoutFor(isLarge, 'compiled', 'gpu');
    const { layouts } = textLayouts(randomModel(config, 1).encoder, 77, 32, { rate: 0 }, layout);
    expect(layouts).toEqual(rows.map((each) => ({ rows: each, length: 77 })));
  });

  it('cut off the end of every text', () => {
    expect(Array.from(cutTexts(Int32Array.of(1, 2, 3, 4, 5, 6), 3, 2))).toEqual([1, 2, 4, 5]);
    expect(Array.from(cutTexts(Float32Array.of(1, 2, 3, 4), 2, 1))).toEqual([1, 3]);
    const whole = Int32Array.of(1, 2);
    expect(cutTexts(whole, 2, 2)).toBe(whole);
  });
});
