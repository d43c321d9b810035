import { beforeAll, describe, expect, it } from 'vitest';
import { chooseBatchSize, findFittingBatch } from '../../src/training/batch-size.js';
import { measuredStep, type EngineParts } from '../../src/training/engine-parts.js';
import { failedAllocation } from '../../src/engine/failed-allocation.js';
import { memoryNeed, type MemoryNeed } from '../../src/engine/memory.js';
import { largestBatch } from '../../src/training/usable-memory.js';
import { outOfMemory, OutOfMemoryError } from '../../src/training/out-of-memory.js';
import { DEFAULTS } from '../../src/training/settings.js';
import { guardMemory, warnOfMemory } from '../../src/training/memory-guard.js';
import type { Output } from '../../src/app/output.js';
import type { Batch } from '../../src/data/batches.js';
import type { Engine } from '../../src/distill/engine.js';
import type { EngineOptions } from '../../src/engine/engine-options.js';
import { Graph } from '../../src/engine/graph/graph.js';
import { openSession } from '../../src/engine/graph/session.js';
import { loadBackend } from '../../src/tensorflow/backend.js';
import { randomModel } from '../../src/models/pretrained.js';
import { clipVitLargePatch14Text, klueRobertaSmall } from '../../src/models/published.js';
import { BACKENDS_UNDER_TEST } from '../backends.js';

const models = { teacher: randomModel(clipVitLargePatch14Text(), 1), student: randomModel(klueRobertaSmall(), 2) };
const OOM =
  'RESOURCE_EXHAUSTED: OOM when allocating tensor with shape[1024,77,3072] and type float on ' +
  '/job:localhost/replica:0/task:0/device:GPU:0 by allocator GPU_0_bfc';
const GPU = { index: 0, uuid: 'GPU-1', name: 'a card', totalBytes: 12.9e9, freeBytes: 12e9, capability: 8.6 };

function partsWith(batchSize: number, freeBytes: number): EngineParts {
  const settings = {
    ...DEFAULTS,
    accumulate: 1,
    batchSize,
    engine: 'compiled',
    precision: 'fp32',
    backend: 'auto',
    device: 'auto',
    randomWeights: true,
    shuffle: true,
  } as const;
  const engine = {
    engine: 'compiled',
    precision: 'fp32',
    backend: 'tensorflow',
    device: 'gpu',
    gpu: { ...GPU, freeBytes },
  } as const;
  return {
    settings,
    teacher: { model: models.teacher },
    student: { model: models.student },
    engine,
  } as unknown as EngineParts; // tokenizers play no part
}

function silent(): Output & { readonly messages: string[] } {
  const messages: string[] = [];
  return {
    messages,
    message: (text: string) => {
      messages.push(text);
    },
    event: () => undefined,
  } as unknown as Output & { readonly messages: string[] };
}

/** An engine whose steps run out of memory above a batch size. */
const engineUpTo =
  (limit: number, tried: number[]) =>
  ({ settings: { batchSize } }: EngineParts): Promise<Engine> => {
    tried.push(batchSize);
    const step = () =>
      batchSize > limit
        ? Promise.reject(new OutOfMemoryError('out of memory'))
        : Promise.resolve({ lossEn: 0, lossKo: 0, gradNorm: 0 });
    return Promise.resolve({ step, dispose: () => undefined } as unknown as Engine);
  };

beforeAll(() => loadBackend());

describe('the memory of a step', () => {
  // As measured: docs/benchmarks.md
  it.each([
    [0.1, 4.24e9],
    [0, 3.91e9],
  ])('is that of the recorded step at dropout %d, within 5% of the measurement', (dropout, measured) => {
    const parts = partsWith(32, 12e9);
    const need = memoryNeed(
      measuredStep({
        ...parts,
        settings: { ...parts.settings, dropout },
        engine: { ...parts.engine, device: 'cpu', fused: true },
      }),
      77,
    );
    expect(Math.abs(need(32) / measured - 1)).toBeLessThan(0.05);
  });

  it('is that of all CPU devices together, and of one GPU among several', () => {
    const parts = partsWith(8, 12e9);
    const need = (engine: object): number =>
      memoryNeed(measuredStep({ ...parts, engine: { ...parts.engine, ...engine } }), 77)(8);
    const onGpu = [need({ devices: 2 }), need({ devices: 4 })];
    expect(Math.abs(onGpu[1] / onGpu[0] - 1)).toBeLessThan(0.01);
    const onProcessors = [1, 2, 4].map((devices) => need({ device: 'cpu', devices }));
    const replica = (onProcessors[2] - onProcessors[1]) / 2;
    expect(onProcessors[1] - 2 * replica).toBeCloseTo(0.5e9, -7); // what TensorFlow takes before a model is there
    expect(replica).toBeGreaterThan(onProcessors[0] - 0.5e9);
  });

  it('is higher in the eager engine, and with accumulated micro-batches', () => {
    const parts = partsWith(32, 12e9);
    const need = memoryNeed(measuredStep(parts), 77)(32);
    expect(memoryNeed({ ...measuredStep(parts), engine: 'eager' }, 77)(32)).toBeGreaterThan(need);
    expect(
      memoryNeed(measuredStep({ ...parts, settings: { ...parts.settings, accumulate: 2 } }), 77)(32),
    ).toBeGreaterThan(need + 4 * 67_500_288);
  });

  it.each(['compiled', 'eager'] as const)(
    'is less without the teacher, whose outputs are cached, but enough to fill the cache (%s engine)',
    (engine) => {
      const parts = partsWith(32, 12e9);
      const computed = { ...parts, engine: { ...parts.engine, engine } };
      const cached = { ...computed, settings: { ...computed.settings, cacheTeacher: 'cache' } };
      const [with_, without] = [memoryNeed(measuredStep(computed), 77), memoryNeed(measuredStep(cached), 77)];
      expect(without(256)).toBeLessThan(with_(256) - 4 * 123_060_480);
      // With one pair nothing is smaller than what the models take: both, while the cache is filled.
      const bothModels = 4 * (123_060_480 + 68_090_880 + 2 * 67_500_288);
      expect(without(1)).toBeGreaterThan(bothModels);
      expect(without(1)).toBeLessThanOrEqual(with_(1));
      // a batch is a multiple of 8, so that the same one may be the largest in both cases with some amount of memory
      const amounts = Array.from({ length: 16 }, (_, i) => 12e9 + i * 0.25e9);
      const largest = (need: MemoryNeed) => amounts.reduce((sum, free) => sum + largestBatch(need, free), 0);
      expect(largest(without)).toBeGreaterThan(largest(with_));
    },
  );
});

describe('the largest batch', () => {
  it('fits, and the next multiple of eight does not', () => {
    const need = memoryNeed(measuredStep(partsWith(1, 12e9)), 77);
    for (const free of [6e9, 12e9, 24e9, 80e9]) {
      const size = largestBatch(need, free);
      expect(size).toBeGreaterThan(0);
      expect(size % 8).toBe(0);
      expect(need(size)).toBeLessThan(0.85 * free);
      expect(need(size + 8)).toBeGreaterThan(0.85 * free);
    }
  });

  it('is none if the models alone need more', () => {
    expect(largestBatch(memoryNeed(measuredStep(partsWith(1, 1e9)), 77), 1e9)).toBe(0);
  });
});

describe('--batch-size auto', () => {
  it('uses the estimate if a step of that size runs', async () => {
    const tried: number[] = [];
    const size = largestBatch(memoryNeed(measuredStep(partsWith(1, 12e9)), 77), 12e9);
    expect(await findFittingBatch(partsWith(1, 12e9), engineUpTo(10_000, tried))).toEqual({
      size,
      estimated: size,
      free: 12e9,
    });
    expect(tried).toEqual([size]);
  });

  it('tries full-length texts, without padding that might be computed once', async () => {
    const seen: number[] = [];
    const step: Engine['step'] = async (batches) => {
      seen.push(...batches.map(({ studentTokens }) => studentTokens));
      return Promise.resolve({ lossEn: 0, lossKo: 0, gradNorm: 0, applied: true });
    };
    await findFittingBatch(partsWith(1, 12e9), async () =>
      Promise.resolve({ step, dispose: () => undefined } as unknown as Engine),
    );
    expect(seen).toEqual([77]);
  });

  it('with a teacher cache, tries filling it and the step without the teacher', async () => {
    const tried: string[] = [];
    const parts = partsWith(1, 12e9);
    const start = (
      { settings: { batchSize } }: EngineParts,
      _: unknown,
      targets: EngineOptions['targets'],
    ): Promise<Engine> =>
      Promise.resolve({
        teacherOutputs: () => {
          tried.push(`${targets}: teach`);
          return Promise.resolve(new Float32Array());
        },
        step: ([{ target }]: Batch[]) => {
          tried.push(`${targets}: step`);
          expect(target).toHaveLength(batchSize * 77 * 768);
          return Promise.resolve({ lossEn: 0, lossKo: 0, gradNorm: 0 });
        },
        dispose: () => {
          tried.push('disposed');
        },
      } as unknown as Engine);
    await findFittingBatch({ ...parts, settings: { ...parts.settings, cacheTeacher: 'cache' } }, start);
    expect(tried).toEqual(['computed: teach', 'disposed', 'given: step', 'disposed']);
  });

  it('backs off while a step runs out of memory', async () => {
    const tried: number[] = [];
    expect(await findFittingBatch(partsWith(1, 12e9), engineUpTo(30, tried))).toEqual({
      size: 24,
      estimated: tried[0],
      free: 12e9,
    });
    expect(tried).toEqual([...tried].sort((a, b) => b - a));
  });

  it.each([
    // pairs, micro-batches a step, what fits of what was expected to, what is taken, what is said
    [800_000, 1, 104, 104, 104, '104 (what fits into 85% of the 12.0 GB that is free)'],
    [800_000, 1, 24, 104, 24, '24 (what fits into 85% of the 12.0 GB that is free; 104 was too large)'],
    [
      800_000,
      8,
      4096,
      4096,
      2000,
      '2,000 (4,096 would fit, but with 800,000 pairs that is 25 steps an epoch; this is 50 steps)',
    ],
    [
      20_000,
      1,
      3816,
      3816,
      400,
      '400 (3,816 would fit, but with 20,000 pairs that is 6 steps an epoch; this is 50 steps)',
    ],
    [1_895, 1, 3816, 3816, 32, '32 (3,816 would fit, but with 1,895 pairs that is 1 step an epoch; this is 60 steps)'],
    [200, 1, 16, 16, 16, '16 (what fits into 85% of the 12.0 GB that is free)'],
  ])(
    'chooses for %d pairs, %d micro-batches a step, %d of %d fitting, %d',
    (pairs, accumulate, size, estimated, taken, line) => {
      const output = silent();
      expect(chooseBatchSize({ size, estimated, free: 12e9 }, pairs, accumulate, output)).toBe(taken);
      expect(output.messages).toEqual([`batch size: ${line}`]);
    },
  );

  it("goes by what TensorFlow may use, and says so if nothing tells a GPU's memory", async () => {
    const parts = partsWith(1, 12e9);
    const on = (gpu: object): EngineParts => ({ ...parts, engine: { ...parts.engine, gpu } }) as EngineParts;
    const unknown = { index: 0, uuid: 'GPU-1', name: 'a card', capability: 8.6 };
    const fitting = await findFittingBatch(on({ ...unknown, usableBytes: 10e9 }), engineUpTo(10_000, []));
    expect(fitting.free).toBeCloseTo(10e9 + 0.3e9 + 1536 * 2 ** 20);
    await expect(findFittingBatch(on(unknown), engineUpTo(10_000, []))).rejects.toThrow(
      "--batch-size auto: expected to know the GPU's free memory, got none from nvidia-smi or TensorFlow; " +
        'give a number, such as --batch-size 32',
    );
  });

  it('gives up if not one pair fits, in one line', async () => {
    await expect(findFittingBatch(partsWith(1, 12e9), engineUpTo(0, []))).rejects.toThrow('out of memory');
    await expect(findFittingBatch(partsWith(1, 1e9), engineUpTo(0, []))).rejects.toThrow(
      /^--batch-size auto: expected memory for one pair, about \d\.\d GB, got 850 MB \(85% of the 1\.0 GB free\); /,
    );
  });
});

describe('out of memory', () => {
  it.each([
    [OOM, 'shape[1024,77,3072] and type float'],
    ['Out of memory while trying to allocate 12345 bytes.', 'allocate 12345 bytes'],
    ['OOM when allocating tensor of shape [64,768] and type float', 'shape[64,768] and type float'],
    ['Out of memory while trying to allocate 11.96GiB.', 'allocate 11.96GiB'],
    ['Out of memory allocating 512 bytes.', 'allocate 512 bytes'],
    ['OUT_OF_MEMORY: Failed to allocate request for 1.50GiB (1610612736B) on device ordinal 0', 'allocate 1.50GiB'],
    ['failed to create cublas handle: CUBLAS_STATUS_ALLOC_FAILED', 'more'],
    ['CUDA_ERROR_OUT_OF_MEMORY', 'more'],
    ['std::bad_alloc', 'more'],
    ['INVALID_ARGUMENT: shapes do not fit', undefined],
  ])("is recognised by TensorFlow's message: %s", (message, allocation) => {
    expect(failedAllocation(new Error(message))).toBe(allocation);
  });

  it("is recognised by TensorFlow's code, whatever the words", () => {
    expect(failedAllocation(Object.assign(new Error('no room'), { code: 'RESOURCE_EXHAUSTED' }))).toBe('more');
    expect(failedAllocation(Object.assign(new Error('no room'), { code: 'INTERNAL' }))).toBeUndefined();
  });

  it('may leave unknown what was free', () => {
    const told = { allocation: 'shape[8]', accumulate: 1, needed: 61e9, free: undefined, fits: Infinity };
    expect(outOfMemory({ ...told, batchSize: 512 }).message).toBe(
      "out of memory at --batch-size 512 (TensorFlow asked for shape[8]): it needs about 61.0 GB, and the GPU's " +
        'memory is unknown; use --batch-size 256 --accumulate 2, which is the same step, or --batch-size auto',
    );
  });

  it('suggests the batch and micro-batches that make the same step', () => {
    const told = { allocation: 'shape[8]', accumulate: 1, needed: 61e9, free: 22e9 };
    expect(outOfMemory({ ...told, batchSize: 512, fits: 176 }).message).toBe(
      'out of memory at --batch-size 512 (TensorFlow asked for shape[8]): it needs about 61.0 GB, and 22.0 GB ' +
        'was free, 85% of which, 18.7 GB, a run may use; ' +
        'use --batch-size 171 --accumulate 3, nearly the same step, or --batch-size auto',
    );
    expect(outOfMemory({ ...told, accumulate: 2, batchSize: 256, fits: 1000 }).message).toContain(
      'use --batch-size 128 --accumulate 4, which is the same step',
    );
    expect(outOfMemory({ ...told, batchSize: 1, fits: 0 }).message).toContain('use smaller models');
  });

  it('suggests another run to one that has begun, whose batch size stays', () => {
    const told = { allocation: 'shape[8]', accumulate: 1, needed: 61e9, free: 22e9, batchSize: 512, fits: 256 };
    expect(outOfMemory(told).inBegunRun().add('resume').message).toMatch(
      /, 18\.7 GB, a run may use; end what else uses the memory, or start another run: use --batch-size 256 --accumulate 2, which is the same step, or --batch-size auto; resume$/,
    );
  });

  it.each([
    [
      'warned of on a CPU, where the system would kill the run',
      'cpu',
      true,
      6e9,
      /use --batch-size \d+ --accumulate \d/,
    ],
    [
      'warned of when a run resumes, whose batch size stays',
      'cpu',
      false,
      6e9,
      /end other programs, or raise the limit/,
    ],
    ['not warned of if there is enough', 'cpu', true, 60e9, undefined],
    ['not warned of on a GPU, whose allocator reports it', 'gpu', true, 6e9, undefined],
  ] as const)('is %s', (_, device, isNew, free, advice) => {
    const warnings: string[] = [];
    const parts = partsWith(64, free);
    const engine = { ...parts.engine, device };
    warnOfMemory(
      { ...parts, engine },
      { warn: (text: string) => warnings.push(text) } as unknown as Output,
      isNew,
      free,
    );
    if (advice === undefined) expect(warnings).toEqual([]);
    else {
      expect(warnings).toEqual([expect.stringMatching(advice)]);
      expect(warnings[0]).toMatch(
        /^memory: expected about 7\.\d GB free, found 6\.0 GB: the system may kill the run without an error; /,
      );
    }
  });
});

describe.skipIf(!BACKENDS_UNDER_TEST.includes('tensorflow'))("TensorFlow's own out-of-memory error", () => {
  /** Sums 400 TB of ones. TensorFlow waits 10 s for memory before it gives up. */
  async function askForTooMuch(): Promise<void> {
    const graph = new Graph();
    const one = graph.add(
      'Placeholder',
      [],
      { dtype: { type: 'float32' }, shape: { shape: [] } },
      { dtype: 'float32', shape: [] },
      'one',
    ); // a constant would be folded
    const shape = [1e7, 1e7];
    const ones = graph.add(
      'Fill',
      [graph.int32(shape), one],
      { T: { type: 'float32' }, index_type: { type: 'int32' } },
      { dtype: 'float32', shape },
    );
    const sum = graph.add(
      'Sum',
      [ones, graph.int32([0, 1])],
      { T: { type: 'float32' }, Tidx: { type: 'int32' }, keep_dims: { bool: false } },
      { dtype: 'float32', shape: [] },
      'sum',
    );
    const session = openSession(graph.nodes);
    try {
      await session.run([[one, Float32Array.of(1)]], [sum]);
    } finally {
      session.close();
    }
  }

  it('becomes one line; other errors are unchanged', async () => {
    await loadBackend('tensorflow');
    const parts = partsWith(64, 12e9);
    const step = () => Promise.resolve().then(askForTooMuch);
    const engine = await guardMemory(parts, () =>
      Promise.resolve({ step, evaluate: () => Promise.reject(new Error('a bug')) } as unknown as Engine),
    );
    await expect(engine.step([], 0)).rejects.toThrow(
      /^out of memory at --batch-size 64 \(TensorFlow asked for shape\[10000000,10000000\] and type float\): it needs about \d+\.\d GB, and 12\.0 GB was free, 85% of which, 10\.2 GB, a run may use; use --batch-size \d+ --accumulate \d+/,
    );
    await expect(engine.evaluate(undefined as never)).rejects.toThrow(/^a bug$/);
  });
});
