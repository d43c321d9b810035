/** @file GPUs as TensorFlow and CUDA's driver library show them; the library is a stand-in, compiled for the test. */
import { rmSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadBackend } from '../../src/tensorflow/backend.js';
import { driverAddon } from '../../src/tensorflow/driver-addon.js';
import { sessionAddon } from '../../src/tensorflow/session-addon.js';
import { askForGpus, describeGpus, leftOutGpus } from '../../src/tensorflow/visible-gpus.js';
import { BACKENDS_UNDER_TEST } from '../backends.js';
import { CARDS, compileDriver } from './fake-driver.js';

describe.runIf(BACKENDS_UNDER_TEST.includes('tensorflow'))("CUDA's driver library", () => {
  beforeAll(async () => {
    await loadBackend('tensorflow', 'cpu');
  });

  it.each(['cuDeviceGetUuid', 'cuDeviceGetUuid_v2'] as const)(
    'tells name, memory, compute capability and, by %s, UUID',
    (name) => {
      const { folder, file } = compileDriver(name);
      expect(askForGpus(sessionAddon(), file)).toEqual({ tensorflow: [], cuda: CARDS }); // TensorFlow has a CPU only
      rmSync(folder, { recursive: true });
    },
  );

  it('may be missing, or of a version that lacks a function', () => {
    expect(askForGpus(sessionAddon(), '/no/libcuda.so.1').cuda).toEqual([]);
    const { folder, file } = compileDriver();
    expect(askForGpus(sessionAddon(), file).cuda).toEqual([]);
    expect(() => driverAddon().gpus(file)).toThrow("CUDA's driver library has no cuDeviceGetUuid");
    rmSync(folder, { recursive: true });
  });
});

describe('the GPUs in use', () => {
  const listed = { index: 1, uuid: 'GPU-2222', name: 'NVIDIA GeForce RTX 3060', totalBytes: 12e9, freeBytes: 11e9 };
  const cuda = [
    { name: 'NVIDIA H200', uuid: '28303840-4850', capability: 9, totalBytes: 15e10 },
    { name: 'NVIDIA GeForce RTX 3060', uuid: '2222', capability: 8.6, totalBytes: 12.6e9 },
  ];

  it('without nvidia-smi are known by CUDA and TensorFlow', () => {
    const chosen = [{ visible: '3' }, { visible: 'GPU-28303840' }];
    expect(describeGpus(chosen, { tensorflow: [{ memoryBytes: 14e10 }], cuda: cuda.slice(0, 1) })).toEqual([
      {
        index: 3,
        uuid: 'GPU-28303840-4850',
        name: 'NVIDIA H200',
        capability: 9,
        totalBytes: 15e10,
        usableBytes: 14e10,
      },
      { index: 1, uuid: 'GPU-28303840', name: 'NVIDIA GPU' },
    ]);
  });

  it('with nvidia-smi are as it says, and CUDA says what it does not', () => {
    const visible = { tensorflow: [{ memoryBytes: 9e9 }], cuda: cuda.slice(1) };
    expect(describeGpus([{ visible: '1', gpu: listed }], visible)).toEqual([
      { ...listed, capability: 8.6, usableBytes: 9e9 },
    ]);
  });

  it('are those that CUDA shows, where its numbers are not those of nvidia-smi', () => {
    const visible = { tensorflow: [{ memoryBytes: 14e10 }], cuda: cuda.slice(0, 1) };
    expect(describeGpus([{ visible: '1', gpu: listed }], visible)).toEqual([
      {
        index: 1,
        uuid: 'GPU-28303840-4850',
        name: 'NVIDIA H200',
        capability: 9,
        totalBytes: 15e10,
        usableBytes: 14e10,
      },
    ]);
  });

  it('must be as many as were chosen', () => {
    const chosen = [{ visible: '0' }, { visible: '1' }];
    expect(leftOutGpus(chosen, { tensorflow: [{ memoryBytes: 1 }, { memoryBytes: 1 }], cuda })).toBeUndefined();
    expect(leftOutGpus(chosen, { tensorflow: [{ memoryBytes: 1 }], cuda })).toEqual({
      found: 'TensorFlow uses only 1 of these 2 GPUs',
      remedy:
        'it leaves out GPUs that are much smaller than another (TF_MIN_GPU_MULTIPROCESSOR_COUNT): name the others, ' +
        'or see with `TF_CPP_MIN_LOG_LEVEL=0 kd doctor` what it says',
    });
  });
});
