/**
 * @file The state and the teacher's outputs that an engine returns and accepts, and what a non-finite step leaves.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Batch } from '../../src/data/batches.js';
import type { Engine, InitialEngineState, NamedValues, ParameterValues } from '../../src/distill/engine.js';
import type { EngineOptions } from '../../src/engine/engine-options.js';
import { compiledEngine } from '../../src/engine/compiled.js';
import { eagerEngine } from '../../src/engine/eager.js';
import { loadBackend } from '../../src/tensorflow/backend.js';
import { openRecordedRun, type RecordedRun } from '../fixtures/training.js';
import { ENGINES } from './engines.js';

const LENGTH = 77;
const RATE = 5e-4;

type State = Record<string, Float32Array>;

async function stateOf(values: AsyncIterable<NamedValues>): Promise<State> {
  const state: State = {};
  for await (const { name, values: held } of values) state[name] = held.slice();
  return state;
}

// eslint-disable-next-line @typescript-eslint/require-await -- an async iterable, as engines take one
async function* given(state: State): ParameterValues {
  yield* Object.entries(state);
}

/** The state of an engine, for another to start from. */
async function initialStateOf(engine: Engine, teacher?: ParameterValues): Promise<InitialEngineState> {
  const [student, moments] = [await stateOf(engine.studentParameters()), await stateOf(engine.moments())];
  return { teacher, student: given(student), optimizer: { ...engine.counters(), moments: given(moments) } };
}

async function openRun(name: 'eager' | 'compiled', batchSize: number, recorded: RecordedRun = 'roberta-hidden') {
  const run = await openRecordedRun(recorded, batchSize);
  const create = name === 'compiled' ? compiledEngine : eagerEngine;
  const parameters = (): Promise<InitialEngineState> => run.parameters();
  const open = async (options: Partial<EngineOptions> = {}, start?: InitialEngineState): Promise<Engine> =>
    create(run.distillation, start ?? (await parameters()), { ...run.options, dropout: undefined, ...options }, LENGTH);
  return { batch: run.batch, parameters, open };
}

/** A batch that makes losses and gradients not finite. */
function poisoned(batch: Batch, target: Float32Array): Batch {
  return { ...batch, target: target.map((value, i) => (i === 5 ? NaN : value)) };
}

describe.each(ENGINES)('the %s engine on %s', (name, backend) => {
  beforeAll(async () => {
    await loadBackend(backend);
  });

  it('resumes from its own state bit for bit, including moments and dropout', async () => {
    const { open, batch, parameters } = await openRun(name, 2);
    const whole = await open();
    const expected = [];
    let start: InitialEngineState | undefined;
    for (let step = 0; step < 6; step++) {
      expected.push(await whole.step([batch(step)], RATE));
      if (step === 2) start = await initialStateOf(whole, (await parameters()).teacher);
    }
    const resumed = await open({}, start);
    expect(resumed.counters()).toEqual({ steps: 3, updates: 3 });
    for (let step = 3; step < 6; step++) expect(await resumed.step([batch(step)], RATE)).toEqual(expected[step]);
    expect(await stateOf(resumed.studentParameters())).toEqual(await stateOf(whole.studentParameters()));
    expect(await stateOf(resumed.moments())).toEqual(await stateOf(whole.moments()));
    whole.dispose();
    resumed.dispose();
  });

  it.each([1, 2])(
    'changes nothing in a step that is not finite, and continues (micro-batches: %i)',
    async (accumulate) => {
      const { open, batch, parameters } = await openRun(name, 2);
      const teacher = await open({ accumulate });
      const withTarget = async (index: number): Promise<Batch> => ({
        ...batch(index),
        target: await teacher.teacherOutputs(batch(index)),
      });
      const engine = await open(
        { targets: 'given', accumulate, maxGradNorm: 1 },
        { student: (await parameters()).student },
      );
      const window = async (from: number): Promise<Batch[]> =>
        Promise.all(Array.from({ length: accumulate }, (_, i) => withTarget(from + i)));
      expect(await engine.step(await window(0), RATE)).toMatchObject({ applied: true });
      const before = [await stateOf(engine.studentParameters()), await stateOf(engine.moments())];
      for (let bad = 0; bad < accumulate; bad++) {
        const batches = (await window(0)).map((clean, i) => (i === bad ? poisoned(clean, clean.target!) : clean));
        const { applied, lossEn } = await engine.step(batches, RATE);
        expect([applied, lossEn]).toEqual([false, NaN]);
      }
      expect(engine.counters()).toEqual({ steps: 1 + accumulate, updates: 1 });
      expect([await stateOf(engine.studentParameters()), await stateOf(engine.moments())]).toEqual(before);
      const next = await engine.step(await window(2), RATE);
      expect(next.applied).toBe(true);
      expect(Number.isFinite(next.gradNorm)).toBe(true);
      // Nothing of the bad windows is left in the sums: an engine that never saw them takes the same step.
      const clean = await open(
        { targets: 'given', accumulate, maxGradNorm: 1 },
        {
          student: given(before[0]),
          optimizer: { steps: 1 + accumulate, updates: 1, moments: given(before[1]) },
        },
      );
      expect(await clean.step(await window(2), RATE)).toEqual(next);
      for (const each of [teacher, engine, clean]) each.dispose();
    },
  );

  it.each(['roberta-hidden', 'roberta-pooler'] as const)(
    'learns from given outputs of the teacher as it does from computed ones (%s)',
    async (recorded) => {
      const { open, batch, parameters } = await openRun(name, 3, recorded);
      const computing = await open();
      const told = await open({ targets: 'given' }, { student: (await parameters()).student });
      const small = {
        ...batch(1),
        size: 2,
        teacherIds: batch(1).teacherIds.slice(0, 2 * LENGTH),
        studentIdsEn: batch(1).studentIdsEn.slice(0, 2 * LENGTH),
        studentIdsKo: batch(1).studentIdsKo.slice(0, 2 * LENGTH),
      };
      for (const each of [batch(0), small]) {
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
    const three: Batch = {
      ...full,
      size: 3,
      teacherIds: full.teacherIds.slice(0, 3 * LENGTH),
      studentIdsEn: full.studentIdsEn.slice(0, 3 * LENGTH),
      studentIdsKo: full.studentIdsKo.slice(0, 3 * LENGTH),
    };
    for (const each of [full, three]) {
      const outputs = await engine.teacherOutputs(each);
      const [{ teacher, teacherMean }] = await engine.evaluate([each]);
      const expected = statisticsOf(outputs, each.size);
      expect(teacher.variance).toBeCloseTo(expected.variance, 5);
      expect(teacher.similarity).toBeCloseTo(expected.similarity, 5);
      for (const [i, value] of expected.mean.entries()) expect(teacherMean[i]).toBeCloseTo(value, 4);
    }
    // The same sentence twice: nothing differs.
    const twice = (ids: Int32Array): Int32Array => Int32Array.from({ length: 2 * LENGTH }, (_, i) => ids[i % LENGTH]);
    const same: Batch = {
      ...full,
      size: 2,
      teacherIds: twice(full.teacherIds),
      studentIdsEn: twice(full.studentIdsEn),
      studentIdsKo: twice(full.studentIdsKo),
      rows: full.rows.slice(0, 2),
    };
    const [collapsed] = await engine.evaluate([same]);
    expect(collapsed.student.variance).toBeLessThan(1e-9);
    expect(collapsed.student.similarity).toBeCloseTo(1, 5);
    const [single] = await engine.evaluate([
      {
        ...same,
        size: 1,
        teacherIds: full.teacherIds.slice(0, LENGTH),
        studentIdsEn: full.studentIdsEn.slice(0, LENGTH),
        studentIdsKo: full.studentIdsKo.slice(0, LENGTH),
      },
    ]);
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
