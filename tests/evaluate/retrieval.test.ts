import { beforeAll, describe, expect, it } from 'vitest';
import tf from '../../src/base/tfjs.cjs';
import { loadBackend } from '../../src/tensorflow/backend.js';
import { retrievalScores, translationRanks, type TranslationRanks } from '../../src/evaluate/retrieval.js';
import { setUnitRows } from '../../src/evaluate/vectors.js';
import { randomNormal } from '../../src/base/philox.js';
import { BACKENDS_UNDER_TEST } from '../backends.js';

/** Unit rows: random texts, and translations that are the same but for noise. */
function twoLanguages(count: number, width: number, noise: number): { en: Float32Array; ko: Float32Array } {
  const texts = randomNormal(count * width, 1, [1, 2]);
  const disturbed = randomNormal(count * width, noise, [3, 4]).map((value, i) => value + texts[i]);
  const [en, ko] = [texts, disturbed].map((rows) => {
    const unit = new Float32Array(rows.length);
    setUnitRows(
      unit,
      Uint32Array.from({ length: count }, (_, i) => i),
      rows,
      width,
    );
    return unit;
  });
  return { en, ko };
}

/** For each row of `from` how many rows of `to` are nearer than the one at the same place, in double precision. */
function nearer(from: Float32Array, to: Float32Array, width: number): number[] {
  const count = from.length / width;
  const product = (i: number, j: number): number => {
    let sum = 0;
    for (let k = 0; k < width; k++) sum += from[i * width + k] * to[j * width + k];
    return sum;
  };
  return Array.from({ length: count }, (_, i) => {
    const own = product(i, i);
    let nearer = 0;
    for (let j = 0; j < count; j++) if (j !== i && product(i, j) > own) nearer++;
    return nearer;
  });
}

const ranksOf = (above: number[], ties: number[] = above.map(() => 0)): TranslationRanks => ({
  above: Uint32Array.from(above),
  ties: Uint32Array.from(ties),
});

describe.each(BACKENDS_UNDER_TEST)('ranks on %s', (backend) => {
  beforeAll(async () => {
    await loadBackend(backend);
  });

  it.each([
    [1, 4],
    [37, 8],
    [2048, 4],
    [4100, 6],
  ])('of %i translations equal those of plain loops, and no tensor is left', async (count, width) => {
    const { en, ko } = twoLanguages(count, width, 0.5);
    const tensors = tf.memory().numTensors;
    const told: number[] = [];
    const ranks = await translationRanks(en, ko, width, (rows) => {
      told.push(rows);
    });
    expect(tf.memory().numTensors).toBe(tensors);
    expect(told.at(-1)).toBe(count);
    for (const [found, expected] of [
      [ranks.en, nearer(en, ko, width)],
      [ranks.ko, nearer(ko, en, width)],
    ] as const) {
      // A candidate as near as rounding can tell is a tie: few are, and a rank lies within them.
      const differing = expected.filter(
        (rank, i) => !(found.above[i] <= rank && rank <= found.above[i] + found.ties[i]),
      );
      expect(differing).toEqual([]);
      expect(found.ties.reduce((sum, ties) => sum + ties, 0)).toBeLessThanOrEqual(count / 20);
    }
  });

  it.each([
    ['ties as far as rounding may differ', 2 ** -20, 1],
    ['none beyond that', 2 ** -18, 0],
  ])('below a translation are %s', async (_, difference, ties) => {
    const cosine = 1 - difference;
    const ko = Float32Array.of(1, 0, cosine, Math.sqrt(1 - cosine ** 2));
    const { en } = await translationRanks(Float32Array.of(1, 0, 0, 1), ko, 2);
    expect([en.above[0], en.ties[0]]).toEqual([0, ties]);
  });

  it('of a model that maps all texts to the same vector are ties, with the scores of guessing', async () => {
    const same = new Float32Array(30 * 768);
    setUnitRows(
      same,
      Uint32Array.from({ length: 30 }, (_, i) => i),
      Float32Array.from({ length: same.length }, (_, i) => Math.sin(i % 768)),
      768,
    );
    const { en, ko } = await translationRanks(
      same,
      same.map((value, i) => value * (1 + 1e-7 * (i % 3))),
      768,
    );
    for (const ranks of [en, ko]) {
      expect(ranks).toEqual(ranksOf(Array<number>(30).fill(0), Array<number>(30).fill(29)));
      const { accuracy, p10, mrr } = retrievalScores(ranks);
      expect(accuracy).toBeCloseTo(1 / 30, 12);
      expect(p10).toBeCloseTo(1 / 3, 12);
      expect(mrr).toBeCloseTo(
        Array.from({ length: 30 }, (_, i) => 1 / (i + 1)).reduce((sum, value) => sum + value) / 30,
        12,
      );
    }
  });

  it('count a duplicate text as found half the time', async () => {
    const [a, b] = [
      [1, 0, 0],
      [0.6, 0.8, 0],
    ];
    const texts = Float32Array.from([a, a, b].flat());
    const { en } = await translationRanks(texts, texts, 3);
    expect(en).toEqual(ranksOf([0, 0, 0], [1, 1, 0]));
    expect(retrievalScores(en)).toEqual({ accuracy: 2 / 3, p10: 1, mrr: (0.75 + 0.75 + 1) / 3 });
  });
});

describe('scores', () => {
  it('are shares of first ranks, of the first ten, and the mean of 1 / rank', () => {
    const ranks = ranksOf([0, 1, 9, 10, ...Array<number>(16).fill(19)]);
    const { accuracy, p10, mrr } = retrievalScores(ranks);
    expect([accuracy, p10]).toEqual([1 / 20, 3 / 20]);
    expect(mrr).toBeCloseTo((1 + 1 / 2 + 1 / 10 + 1 / 11 + 16 / 20) / 20, 12);
  });

  it('of some texts are computed from these only', () => {
    expect(retrievalScores(ranksOf([0, 3, 0, 1]), Uint32Array.of(0, 3))).toEqual({ accuracy: 0.5, p10: 1, mrr: 0.75 });
  });

  it('share ranks among ties', () => {
    const others = Array<number>(11).fill(0);
    const { accuracy, p10, mrr } = retrievalScores(ranksOf([8, ...others], [3, ...others]), Uint32Array.of(0));
    expect([accuracy, p10]).toEqual([0, 0.5]); // places 9 to 12: two of four are among ten
    expect(mrr).toBeCloseTo((1 / 9 + 1 / 10 + 1 / 11 + 1 / 12) / 4, 12);
  });
});
