/** @file What a batch and a run are measured by, compared with the definitions in float64. */
import { beforeAll, describe, expect, it } from 'vitest';
import tf from '../../src/base/tfjs.cjs';
import { randomNormal } from '../../src/base/philox.js';
import type { Batches } from '../../src/data/batches.js';
import { measureBaselines } from '../../src/distill/baselines.js';
import { evaluationTensor, readEvaluation, type Evaluation } from '../../src/distill/evaluation.js';
import { lossesOf, type BatchTensors, type Distillation } from '../../src/distill/loss.js';
import type { Baselines } from '../../src/distill/records.js';
import { INITIAL_STATE } from '../../src/distill/train-state.js';
import { validate } from '../../src/distill/validation.js';
import type { TextEncoder } from '../../src/models/text-encoder.js';
import { loadBackend } from '../../src/tensorflow/backend.js';
import { BACKENDS_UNDER_TEST } from '../backends.js';
import { engineOf, pairs } from './fake-engine.js';

const [WIDTH, SIZE, ROWS] = [4, 3, 5];

/** Outputs of `SIZE` sentences, `[SIZE, WIDTH]`, far from centred. */
const outputsOf = (place: number): number[][] =>
  Array.from({ length: SIZE }, (_, i) => [...randomNormal(WIDTH, 1, [place, i])].map((value) => value + place));

const [ENGLISH, KOREAN, TEACHER] = [outputsOf(1), outputsOf(2), outputsOf(3)];
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, value, i) => sum + value * b[i], 0);
const columnMeans = (rows: readonly number[][]): number[] => rows[0].map((_, i) => mean(rows.map((row) => row[i])));
const squaredError = (a: readonly number[], b: readonly number[]): number =>
  mean(a.map((value, i) => (value - b[i]) ** 2));

const varianceOf = (rows: readonly number[][]): number => mean(rows.map((row) => squaredError(row, columnMeans(rows))));

/** Over all pairs of different sentences. */
function similarityOf(rows: readonly number[][]): number {
  const pairsOf = rows.flatMap((a, i) => rows.slice(i + 1).map((b) => [a, b]));
  return mean(pairsOf.map(([a, b]) => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))));
}

/** Rows of a batch: the sentences, and zeros that only fill it. */
const filled = (rows: readonly number[][]): tf.Tensor2D =>
  tf.tensor2d([...rows, ...Array.from({ length: ROWS - SIZE }, () => Array<number>(WIDTH).fill(0))]);

/** A student with given pooled outputs. */
const student = {
  width: WIDTH,
  shapes: {},
  forward: () => {
    const poolerOutput = tf.concat([filled(ENGLISH), filled(KOREAN)]);
    return { lastHiddenState: tf.reshape(poolerOutput, [2 * ROWS, 1, WIDTH]), poolerOutput };
  },
} as unknown as TextEncoder;

describe.each(BACKENDS_UNDER_TEST)('the evaluation of a batch on %s', (backend) => {
  beforeAll(async () => {
    await loadBackend(backend);
  });

  it('has the losses, variances and similarities of its sentences, whatever fills it', async () => {
    const distillation: Distillation = { teacher: student, student, loss: 'pooler' };
    const ids = tf.zeros<tf.Rank.R2>([ROWS, 1], 'int32');
    const weights = tf.tensor1d(Array.from({ length: ROWS }, (_, i) => (i < SIZE ? 1 / SIZE : 0)));
    const batch: BatchTensors = { teacherIds: ids, studentIds: tf.concat([ids, ids]), weights };
    const result = evaluationTensor(distillation, {}, batch, filled(TEACHER));
    const found = readEvaluation((await result.data()) as Float32Array, SIZE);
    const expected = {
      lossEn: mean(ENGLISH.map((row, i) => squaredError(row, TEACHER[i]))),
      lossKo: mean(KOREAN.map((row, i) => squaredError(row, TEACHER[i]))),
      student: {
        variance: mean([varianceOf(ENGLISH), varianceOf(KOREAN)]),
        similarity: mean([similarityOf(ENGLISH), similarityOf(KOREAN)]),
      },
      teacher: { variance: varianceOf(TEACHER), similarity: similarityOf(TEACHER) },
    };
    expect(found.lossEn).toBeCloseTo(expected.lossEn, 4);
    expect(found.lossKo).toBeCloseTo(expected.lossKo, 4);
    for (const model of ['student', 'teacher'] as const)
      for (const number of ['variance', 'similarity'] as const)
        expect(found[model][number], `${model} ${number}`).toBeCloseTo(expected[model][number], 4);
    for (const [i, value] of columnMeans(TEACHER).entries()) expect(found.teacherMean[i]).toBeCloseTo(value, 4);
  });

  it('counts differences as zero that float32 computations of the same value have, and no larger ones', async () => {
    const target = tf.tensor2d([[1, -1, 1, -1]]);
    const lossAt = async (share: number): Promise<number> => {
      const near = tf.add(target, share);
      const { lossEn } = lossesOf({ english: near, korean: near }, target, tf.tensor1d([1]));
      return (await lossEn.data())[0];
    };
    expect(await lossAt(2 ** -17)).toBe(0);
    expect(await lossAt(2 ** -15)).toBeCloseTo(2 ** -30, 12);
  });
});

it('a single sentence has no similarity to others', () => {
  const { student, teacher } = readEvaluation(Float32Array.of(1, 2, 0, 0.9, 0, 0.9, 0, 0.9, 5), 1);
  expect([student.similarity, teacher.similarity]).toEqual([NaN, NaN]);
});

/** Batches of the given sizes. */
function batchesOf(sizes: readonly number[]): Batches {
  const { at } = pairs(sizes.length);
  return {
    count: sizes.length,
    pairs: sizes.reduce((sum, size) => sum + size, 0),
    at: async (index, epoch) => ({ ...(await at(index, epoch)), size: sizes[index] }),
  };
}

it('the validation loss is the mean over pairs, not over batches', async () => {
  const losses = [1, 4];
  const engine = engineOf({ evaluated: () => losses.shift()! });
  const record = await validate(engine, batchesOf([3, 1]), INITIAL_STATE, {});
  expect(record).toMatchObject({ lossEn: 1.75, lossKo: 1.75, loss: 3.5, pairs: 4 });
});

it("the loss of predicting the teacher's mean is the variance over all sentences, in both languages", async () => {
  const batches = [TEACHER, ENGLISH.slice(0, 1)];
  const evaluations = batches.map((rows): Evaluation => ({
    lossEn: 1,
    lossKo: 1,
    student: { variance: 0, similarity: 0 },
    teacher: { variance: varianceOf(rows), similarity: 0 },
    teacherMean: Float32Array.from(columnMeans(rows)),
  }));
  const engine = { ...engineOf(), evaluate: () => Promise.resolve([evaluations.shift()!]) };
  const told: Baselines[] = [];
  const data = { training: pairs(0), validation: batchesOf(batches.map(({ length }) => length)) };
  await measureBaselines(engine, data, { onBaselines: (baselines) => void told.push(baselines) });
  expect(told).toEqual([{ untrained: 2, mean: expect.closeTo(2 * varianceOf(batches.flat()), 5) as number, pairs: 4 }]);
});
