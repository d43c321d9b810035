/**
 * @file The state and the teacher's outputs that an engine returns and accepts, and what a non-finite step leaves.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Batch } from '../../src/data/batches.js';
import type { InitialEngineState } from '../../src/distill/engine.js';
import { loadBackend } from '../../src/tensorflow/backend.js';
import { sumError, UNIT_ROUNDOFF } from '../float64/bounds.js';
import { ENGINES, firstPairs, given, openRun, startFrom, stateOf } from './engines.js';

const RATE = 5e-4;

/** Dropout as the student's configuration says. */
const DROPOUT = { dropout: undefined };

/** A batch that makes losses and gradients not finite. */
function poisoned(batch: Batch, target: Float32Array): Batch {
  return { ...batch, target: target.map((value, i) => (i === 5 ? NaN : value)) };
}

describe.each(ENGINES)('the %s engine on %s', (name, backend) => {
  beforeAll(async () => {
    await loadBackend(backend);
  });

  it('resumes from its own state bit for bit, including moments and dropout', async () => {
    const { open, batch } = await openRun(name, 2);
    const whole = await open(DROPOUT);
    const expected = [];
    let start: Partial<InitialEngineState> | undefined;
    for (let step = 0; step < 6; step++) {
      expected.push(await whole.step([batch(step)], RATE));
      if (step === 2) start = await startFrom(whole);
    }
    const resumed = await open(DROPOUT, start);
    expect(resumed.counters()).toEqual({ steps: 3, updates: 3 });
    for (let step = 3; step < 6; step++) expect(await resumed.step([batch(step)], RATE)).toEqual(expected[step]);
    expect(await stateOf(resumed)).toEqual(await stateOf(whole));
    whole.dispose();
    resumed.dispose();
  });

  it.each([1, 2])(
    'changes nothing in a step that is not finite, and continues (micro-batches: %i)',
    async (accumulate) => {
      const { open, batch } = await openRun(name, 2);
      const teacher = await open();
      const withTarget = async (index: number): Promise<Batch> => ({
        ...batch(index),
        target: await teacher.teacherOutputs(batch(index)),
      });
      const options = { ...DROPOUT, targets: 'given', accumulate, maxGradNorm: 1 } as const;
      const engine = await open(options, { teacher: undefined });
      const window = async (from: number): Promise<Batch[]> =>
        Promise.all(Array.from({ length: accumulate }, (_, i) => withTarget(from + i)));
      expect(await engine.step(await window(0), RATE)).toMatchObject({ applied: true });
      const before = await stateOf(engine);
      for (let bad = 0; bad < accumulate; bad++) {
        const batches = (await window(0)).map((clean, i) => (i === bad ? poisoned(clean, clean.target!) : clean));
        const { applied, lossEn } = await engine.step(batches, RATE);
        expect([applied, lossEn]).toEqual([false, NaN]);
      }
      expect(engine.counters()).toEqual({ steps: 1 + accumulate, updates: 1 });
      expect(await stateOf(engine)).toEqual(before);
      const next = await engine.step(await window(2), RATE);
      expect(next.applied).toBe(true);
      expect(Number.isFinite(next.gradNorm)).toBe(true);
      // Nothing of the bad windows is left in the sums: an engine that never saw them takes the same step.
      const optimizer = { steps: 1 + accumulate, updates: 1, moments: given(before.moments) };
      const clean = await open(options, { teacher: undefined, student: given(before.student), optimizer });
      expect(await clean.step(await window(2), RATE)).toEqual(next);
      for (const each of [teacher, engine, clean]) each.dispose();
    },
  );

  it.each(['roberta-hidden', 'roberta-pooler'] as const)(
    'learns from given outputs of the teacher as it does from computed ones (%s)',
    async (recorded) => {
      const { open, batch } = await openRun(name, 3, recorded);
      const computing = await open(DROPOUT);
      const told = await open({ ...DROPOUT, targets: 'given' }, { teacher: undefined });
      for (const each of [batch(0), firstPairs(batch(1), 2)]) {
        const target = await computing.teacherOutputs(each);
        expect(target.length % each.size).toBe(0);
        const [expected, actual] = [await computing.step([each], RATE), await told.step([{ ...each, target }], RATE)];
        expect(Math.abs(actual.lossEn / expected.lossEn - 1)).toBeLessThan(1e-5);
        expect(Math.abs(actual.gradNorm / expected.gradNorm - 1)).toBeLessThan(1e-4);
      }
      await expect(told.step([batch(0)], RATE)).rejects.toThrow("a batch without the teacher's outputs");
      await expect(told.teacherOutputs(batch(0))).rejects.toThrow('has no teacher');
      computing.dispose();
      told.dispose();
    },
  );

  it('says how much the outputs of different sentences differ, whatever fills the batch', async () => {
    const { open, batch } = await openRun(name, 4);
    const engine = await open();
    const full = batch(0);
    for (const each of [full, firstPairs(full, 3)]) {
      const outputs = await engine.teacherOutputs(each);
      const [{ teacher, teacherMean }] = await engine.evaluate([each]);
      const expected = statisticsOf(outputs, each.size);
      const largest = Math.max(...outputs.map(Math.abs));
      const overOutput = sumError(outputs.length / each.size); // the longest sums are over an output's values
      const ofDeviations = 8 * UNIT_ROUNDOFF * largest * Math.sqrt(expected.variance); // from means that are rounded
      expect(Math.abs(teacher.variance - expected.variance)).toBeLessThan(
        overOutput * expected.variance + ofDeviations,
      );
      expect(Math.abs(teacher.similarity - expected.similarity)).toBeLessThan(3 * overOutput); // of three such sums
      for (const [i, value] of expected.mean.entries())
        expect(Math.abs(teacherMean[i] - value)).toBeLessThan(2 * each.size * UNIT_ROUNDOFF * largest);
    }
    // The same sentence twice: nothing differs.
    const one = firstPairs(full, 1);
    const twice = (ids: Int32Array): Int32Array => Int32Array.of(...ids, ...ids);
    const same: Batch = {
      ...one,
      size: 2,
      teacherIds: twice(one.teacherIds),
      studentIdsEn: twice(one.studentIdsEn),
      studentIdsKo: twice(one.studentIdsKo),
    };
    const [collapsed] = await engine.evaluate([same]);
    const noise = 2 ** -16 * Math.max(...collapsed.teacherMean.map(Math.abs)); // as the loss's `ROUNDING_NOISE`
    expect(collapsed.student.variance).toBeLessThan(noise ** 2);
    expect(Math.abs(collapsed.student.similarity - 1)).toBeLessThan(3 * sumError(collapsed.teacherMean.length));
    const [single] = await engine.evaluate([one]);
    expect(single.student.similarity).toBeNaN();
    engine.dispose();
  });
});

/** Mean, variance and mean similarity of `size` vectors, in double precision. */
function statisticsOf(values: Float32Array, size: number): { mean: number[]; variance: number; similarity: number } {
  const width = values.length / size;
  const vectors = Array.from({ length: size }, (_, i) => values.subarray(i * width, (i + 1) * width));
  const mean = Array.from({ length: width }, (_, j) => vectors.reduce((sum, vector) => sum + vector[j], 0) / size);
  const variance =
    vectors.reduce((sum, vector) => sum + vector.reduce((inner, value, j) => inner + (value - mean[j]) ** 2, 0), 0) /
    values.length;
  const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, value, i) => sum + value * b[i], 0);
  let similarity = 0;
  for (const [i, a] of vectors.entries())
    for (const [j, b] of vectors.entries()) if (i !== j) similarity += dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  return { mean, variance, similarity: similarity / (size * (size - 1)) };
}
