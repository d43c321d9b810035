/** @file A step that several devices of one process share equals the step that one device takes. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Batch } from '../../src/data/batches.js';
import type { Engine, InitialEngineState, StepResult } from '../../src/distill/engine.js';
import type { EngineOptions } from '../../src/engine/engine-options.js';
import { loadBackend } from '../../src/tensorflow/backend.js';
import { BACKENDS_UNDER_TEST } from '../backends.js';
import type { RecordedRun } from '../fixtures/training.js';
import { firstPairs, openRun, startFrom, stateOf } from './engines.js';

const RATE = 5e-4;

const cpuDevices = (count: number): string[] => Array.from({ length: count }, (_, i) => `/device:CPU:${i}`);

/** The results of a few steps, and the state after them. */
interface Trained {
  readonly results: readonly StepResult[];
  readonly state: Awaited<ReturnType<typeof stateOf>>;
}

/** An engine of a recorded run, and the run's batches, of two pairs each. */
async function open(
  recorded: RecordedRun,
  options: Partial<EngineOptions>,
  start?: Partial<InitialEngineState>,
): Promise<{ readonly engine: Engine; readonly batch: (index: number) => Batch }> {
  const { open, batch } = await openRun('compiled', 2, recorded);
  return { engine: await open({ dropout: undefined, ...options }, start), batch };
}

/** Trains on windows of micro-batches; each is a step. */
async function trained(
  recorded: RecordedRun,
  options: Partial<EngineOptions>,
  windows: (batch: (index: number) => Batch) => Batch[][],
): Promise<Trained> {
  const { engine, batch } = await open(recorded, options);
  try {
    const results: StepResult[] = [];
    for (const window of windows(batch)) results.push(await engine.step(window, RATE));
    return { results, state: await stateOf(engine) };
  } finally {
    engine.dispose();
  }
}

/** Three steps of `accumulate` micro-batches; the second lacks some, and has a short one. */
const steps = (accumulate: number) => (batch: (index: number) => Batch) =>
  [0, 1, 2].map((step) => {
    const whole = Array.from({ length: accumulate }, (_, i) => batch((step * accumulate + i) % 20));
    if (step !== 1) return whole;
    return [...whole.slice(0, Math.floor(accumulate / 2)), firstPairs(whole.at(-1)!, 1)];
  });

describe.runIf(BACKENDS_UNDER_TEST.includes('tensorflow'))('replicas on several devices', () => {
  beforeAll(async () => {
    await loadBackend('tensorflow', 'cpu');
  });

  it.each([
    ['roberta-hidden', 4, 4, { maxGradNorm: 0.1 }],
    ['roberta-hidden', 2, 1, { fused: true, dropout: 0, textLengths: [16, 24, 32] }], // texts in several lengths
    ['roberta-hidden', 2, 1, { fused: true, dropout: 0, packedShares: [1 / 8, 1 / 4, 1 / 2] }], // in several rows
    ['roberta-pooler', 3, 2, {}],
    ['clip-hidden', 2, 2, { fused: true, maxGradNorm: 0.1 }],
  ] as const)(
    'train %s on %i with %i micro-batches like one, bit for bit',
    async (recorded, count, accumulate, more) => {
      const one = await trained(recorded, { accumulate, ...more }, steps(accumulate));
      const shared = await trained(recorded, { accumulate, ...more, devices: cpuDevices(count) }, steps(accumulate));
      expect(shared.results).toEqual(one.results);
      expect(shared.state).toEqual(one.state);
    },
  );

  it('train within 1e-6 of one if a device has several micro-batches', async () => {
    const one = await trained('roberta-hidden', { accumulate: 5 }, steps(5));
    const shared = await trained('roberta-hidden', { accumulate: 5, devices: cpuDevices(2) }, steps(5));
    for (const [i, { lossEn, lossKo, gradNorm }] of shared.results.entries()) {
      const expected = one.results[i];
      expect(Math.abs(lossEn - expected.lossEn)).toBeLessThan(1e-6 * expected.lossEn);
      expect(Math.abs(lossKo - expected.lossKo)).toBeLessThan(1e-6 * expected.lossKo);
      expect(Math.abs(gradNorm - expected.gradNorm)).toBeLessThan(1e-5 * expected.gradNorm);
    }
  });

  it('skip a step with non-finite values on one of them, and continue', async () => {
    const teacher = await open('roberta-hidden', { accumulate: 2 });
    const target = await teacher.engine.teacherOutputs(teacher.batch(0));
    teacher.engine.dispose();
    const windows = (batch: (index: number) => Batch): Batch[][] =>
      [0, 2, 4].map((from) =>
        [0, 1].map((i) => ({
          ...batch(from + i),
          target: target.map((value, at) => (at === 5 && from === 2 && i === 0 ? NaN : value)),
        })),
      );
    const options: Partial<EngineOptions> = { accumulate: 2, targets: 'given', maxGradNorm: 1 };
    const shared = await trained('roberta-hidden', { ...options, devices: cpuDevices(2) }, windows);
    expect(shared.results.map(({ applied }) => applied)).toEqual([true, false, true]);
    expect(shared).toEqual(await trained('roberta-hidden', options, windows));
  });

  it('evaluate a batch each, and compute teacher outputs', async () => {
    const [one, shared] = [
      await open('roberta-hidden', {}),
      await open('roberta-hidden', { accumulate: 2, devices: cpuDevices(2) }),
    ];
    const { batch } = one;
    const batches = [batch(0), firstPairs(batch(1), 1)];
    expect([one, shared].map(({ engine }) => engine.batchesAtOnce)).toEqual([1, 2]);
    const expected = [...(await one.engine.evaluate([batches[0]])), ...(await one.engine.evaluate([batches[1]]))];
    expect(await shared.engine.evaluate(batches)).toEqual(expected);
    expect(await shared.engine.evaluate([batches[1]])).toEqual([expected[1]]);
    expect(await shared.engine.teacherOutputs(batches[0])).toEqual(await one.engine.teacherOutputs(batches[0]));
    one.engine.dispose();
    shared.engine.dispose();
  });

  it('continue from the state of one device', async () => {
    const first = await open('roberta-hidden', { accumulate: 2 });
    const windows = steps(2)(first.batch);
    await first.engine.step(windows[0], RATE);
    const start = await startFrom(first.engine);
    const second = await open('roberta-hidden', { accumulate: 2, devices: cpuDevices(2) }, start);
    for (const window of windows.slice(1))
      expect(await second.engine.step(window, RATE)).toEqual(await first.engine.step(window, RATE));
    expect(await stateOf(second.engine)).toEqual(await stateOf(first.engine));
    for (const { engine } of [first, second]) engine.dispose();
  });
});
