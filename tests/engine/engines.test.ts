import tf from '../../src/base/tfjs.cjs';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { Batch } from '../../src/data/batches.js';
import type { Engine } from '../../src/distill/engine.js';
import { compiledEngine } from '../../src/engine/compiled.js';
import { eagerEngine } from '../../src/engine/eager.js';
import { lengthsOn } from '../../src/engine/text-lengths.js';
import { loadBackend } from '../../src/tensorflow/backend.js';
import { MAX_LENGTH } from '../../src/text/max-length.js';
import { BACKENDS_UNDER_TEST } from '../backends.js';
import { openRecordedRun } from '../fixtures/training.js';
import { ENGINES, firstPairs, openRun } from './engines.js';

const RATE = 5e-4;

async function losses(engine: Engine, batches: readonly Batch[]): Promise<number[]> {
  const seen: number[] = [];
  for (const batch of batches) {
    const { lossEn, lossKo, gradNorm } = await engine.step([batch], RATE);
    seen.push(lossEn, lossKo, gradNorm);
  }
  engine.dispose();
  return seen;
}

/** MB that an open session holds, and that one step's inputs take: what would leak. */
const [SESSION, BATCH] = [10, 0.2];

/** Engines agree within 1e-5, relative: the contract of every parity case. */
function expectClose(actual: readonly number[], expected: readonly number[], relative = 1e-5): void {
  expect(actual).toHaveLength(expected.length);
  for (const [i, value] of expected.entries())
    expect(Math.abs(actual[i] - value)).toBeLessThan(relative * Math.abs(value));
}

describe.each(ENGINES)('the %s engine on %s', (name, backend) => {
  beforeAll(async () => {
    await loadBackend(backend);
  });

  it('has as many tensors after step 30 as after step 3, and none after dispose', async () => {
    const { open, batch } = await openRun(name, 1);
    const before = tf.memory().numTensors;
    const engine = await open();
    const counts: number[] = [];
    for (let step = 1; step <= 30; step++) {
      await engine.step([batch(step)], RATE);
      counts.push(tf.memory().numTensors);
    }
    expect(counts[29]).toBe(counts[2]);
    await engine.evaluate([batch(0)]);
    expect(tf.memory().numTensors).toBe(counts[2]);
    engine.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('frees what it had computed when a step fails in its second micro-batch', async () => {
    const { open, batch } = await openRun(name, 1);
    const larger = (await openRun(name, 2)).batch(0);
    const engine = await open({ accumulate: 2 });
    await engine.step([batch(0)], RATE);
    const before = tf.memory().numTensors;
    await expect(engine.step([batch(1), larger], RATE)).rejects.toThrow('a batch of 2 pairs in an engine for 1');
    expect(tf.memory().numTensors).toBe(before);
    engine.dispose();
  });

  it('treats micro-batches as one batch, with a smaller last window and last micro-batch', async () => {
    const large = await openRun(name, 4);
    const small = await openRun(name, 2);
    const whole = await losses(await large.open(), [large.batch(0), firstPairs(large.batch(1), 3)]);
    const engine = await small.open({ accumulate: 2 });
    const parts: number[] = [];
    for (const window of [
      [small.batch(0), small.batch(1)],
      [small.batch(2), firstPairs(small.batch(3), 1)],
    ]) {
      const { lossEn, lossKo, gradNorm } = await engine.step(window, RATE);
      parts.push(lossEn, lossKo, gradNorm);
    }
    const alone = await engine.step([small.batch(4)], RATE); // a window of one
    expect(alone.gradNorm).toBeGreaterThan(0);
    engine.dispose();
    expectClose(parts, whole);
  });

  it.each([
    ['cut texts', { textLengths: [24, 32] }],
    ...(name === 'compiled'
      ? [['texts that share rows', { textLengths: [], packedShares: [1 / 8, 3 / 8, 5 / 8] }] as const]
      : []),
  ] as const)('trains and evaluates as if all padding were computed, with %s', async (_, layout) => {
    const run = await openRecordedRun('roberta-hidden', 4);
    const options = { ...run.options, ...layout };
    const { student } = run.distillation;
    expect(student.sharedPadding({ rate: 0 })).toBe(1);
    const seen = await Promise.all(
      [student, { ...student, sharedPadding: () => undefined }].map(async (encoder) => {
        const create = name === 'compiled' ? compiledEngine : eagerEngine;
        const engine = await create(
          { ...run.distillation, student: encoder },
          await run.parameters(),
          options,
          MAX_LENGTH,
        );
        const [{ student: spread, lossEn, lossKo }] = await engine.evaluate([run.batch(0)]);
        const long = {
          ...run.batch(1),
          studentIdsKo: run.batch(1).studentIdsKo.map((id, i) => (i % MAX_LENGTH < 30 ? 5 : id)),
          studentTokens: 30,
        };
        const batches = [run.batch(0), long, firstPairs(run.batch(2), 1), run.batch(2)];
        return [lossEn, lossKo, spread.variance, ...(await losses(engine, batches))];
      }),
    );
    expectClose(seen[0], seen[1]);
  });

  it('scales gradients down to the maximum norm, and reports the norm before', async () => {
    const { open, batch } = await openRun(name, 2);
    const free = await losses(await open(), [batch(0), batch(1), batch(2)]);
    const loose = await losses(await open({ maxGradNorm: 1e6 }), [batch(0), batch(1), batch(2)]);
    // The scale of all gradients affects Adam only through its epsilon: clip so hard that it matters.
    const tight = await losses(await open({ maxGradNorm: 1e-6 }), [batch(0), batch(1), batch(2)]);
    expectClose(loose, free);
    expect(tight[2]).toBeCloseTo(free[2], 4);
    expect(Math.abs(tight[6] / free[6] - 1)).toBeGreaterThan(1e-3);
  });

  it('evaluates without changing anything, and without dropout', async () => {
    const { open, batch } = await openRun(name, 4);
    const engine = await open({ dropout: 0.5 });
    const first = await engine.evaluate([batch(0)]);
    expect(await engine.evaluate([batch(0)])).toEqual(first);
    const parts = [
      ...(await engine.evaluate([firstPairs(batch(0), 1)])),
      ...(await engine.evaluate([firstPairs(batch(0), 3)])),
    ];
    expect(parts[0].lossEn).not.toBeCloseTo(parts[1].lossEn, 6);
    engine.dispose();
  });
});

describe.each(ENGINES.filter(([name]) => name === 'eager'))('the %s engine on %s', (name, backend) => {
  beforeAll(async () => {
    await loadBackend(backend);
  });

  it('frees what it had computed when results cannot be read', async () => {
    const { open, batch } = await openRun(name, 1);
    const engine = await open({ maxGradNorm: 1 });
    await engine.step([batch(0)], RATE);
    const before = tf.memory().numTensors;
    const reading = vi.spyOn(tf.Tensor.prototype, 'data').mockRejectedValue(new Error('device lost'));
    await expect(engine.step([batch(1)], RATE)).rejects.toThrow('device lost');
    await expect(engine.evaluate([batch(1)])).rejects.toThrow('device lost');
    reading.mockRestore();
    expect(tf.memory().numTensors).toBe(before);
    engine.dispose();
  });
});

describe.runIf(BACKENDS_UNDER_TEST.includes('tensorflow'))('eager and compiled', () => {
  it.each([
    ['compiled', 'tensorflow'],
    ['eager', 'cpu'],
  ] as const)('%s on %s uses the same masks as eager on tensorflow', async (name, backend) => {
    await loadBackend('tensorflow');
    const reference = await openRun('eager', 4);
    const batches = [0, 1, 2].map(reference.batch);
    batches.push(firstPairs(reference.batch(3), 3));
    const expected = await losses(await reference.open({ dropout: undefined }), batches);
    const without = await losses(await reference.open({ dropout: 0 }), batches);
    expect(Math.abs(without[0] - expected[0])).toBeGreaterThan(1e-3);
    const shared = await losses(await reference.open({ dropout: undefined, padding: 'shared' }), batches);
    expect(Math.abs(shared[0] - expected[0])).toBeGreaterThan(1e-3);

    await loadBackend(backend);
    const { open } = await openRun(name, 4);
    expectClose(await losses(await open({ dropout: undefined }), batches), expected);
    const cut = { dropout: undefined, padding: 'shared', textLengths: lengthsOn('cpu', 'training') } as const;
    expectClose(await losses(await open(cut), batches), shared);
  });

  it('other seeds give other masks', async () => {
    await loadBackend('tensorflow');
    const { open, batch } = await openRun('compiled', 2);
    const [one, other, again] = [
      await losses(await open({ dropout: 0.1, seed: 1 }), [batch(0)]),
      await losses(await open({ dropout: 0.1, seed: 2 }), [batch(0)]),
      await losses(await open({ dropout: 0.1, seed: 1 }), [batch(0)]),
    ];
    expect(one[0]).not.toBeCloseTo(other[0], 5);
    expect(again).toEqual(one);
  });
});

describe.runIf(BACKENDS_UNDER_TEST.includes('tensorflow'))('the compiled engine', () => {
  it('does not grow in memory over steps and compilations', async () => {
    await loadBackend('tensorflow');
    const { open, batch } = await openRun('compiled', 2);
    const resident = (): number => process.memoryUsage.rss() / 1e6;
    const train = async (steps: number): Promise<void> => {
      const engine = await open();
      for (let step = 0; step < steps; step++) await engine.step([batch(step % 24)], RATE);
      engine.dispose();
    };
    /** How much memory `work` adds to the process, in MB. */
    const growth = async (work: () => Promise<void>): Promise<number> => {
      const before = resident();
      await work();
      return resident() - before;
    };
    const compile = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) await train(1);
    };
    await compile(8); // the allocator keeps freed memory, so it must have reached the peak first
    // Resident memory is a high-water mark and fluctuates. A leak would be at least twice these bounds.
    expect(await growth(() => compile(12))).toBeLessThan((12 * SESSION) / 2);
    expect(await growth(() => train(600))).toBeLessThan((600 * BATCH) / 2);
  }, 300_000);
});
