/** @file GPUs as TensorFlow and CUDA's driver library show them; the library is a stand-in, compiled for the test. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadBackend } from '../../src/tensorflow/backend.js';
import { sessionAddon } from '../../src/tensorflow/session-addon.js';
import { askForGpus, describeGpus, leftOutGpus } from '../../src/tensorflow/visible-gpus.js';
import { BACKENDS_UNDER_TEST } from '../backends.js';

/** Two GPUs: the functions of cuda.h, with its numbers of attributes. */
const LIBRARY = `
#include <stddef.h>
#include <stdio.h>
#include <string.h>
static int ready = 0;
int cuInit(unsigned flags) { ready = 1; return flags; }
int cuDeviceGetCount(int* count) { *count = 2; return ready ? 0 : 3; }
int cuDeviceGet(int* device, int i) { *device = 40 + i; return 0; }
int cuDeviceGetName(char* name, int length, int device) { snprintf(name, length, "Card %d", device); return 0; }
int cuDeviceGetAttribute(int* value, int attribute, int device) {
  *value = attribute == 75 ? (device == 40 ? 9 : 8) : attribute == 76 ? (device == 40 ? 0 : 6) : -1;
  return 0;
}
int cuDeviceTotalMem_v2(size_t* bytes, int device) { *bytes = (size_t)(device - 39) << 33; return 0; }
#ifdef UUID
int UUID(char* uuid, int device) {
  for (int i = 0; i < 16; i++) uuid[i] = (char)(device + 8 * i);
  return 0;
}
#endif
`;

function compiled(...flags: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'kd-cuda-'));
  const [source, file] = [join(folder, 'cuda.c'), join(folder, 'libcuda.so.1')];
  writeFileSync(source, LIBRARY);
  const { status, stderr } = spawnSync('gcc', ['-shared', '-fPIC', ...flags, '-o', file, source], { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return file;
}

describe.runIf(BACKENDS_UNDER_TEST.includes('tensorflow'))("CUDA's driver library", () => {
  beforeAll(async () => {
    await loadBackend('tensorflow', 'cpu');
  });

  it.each(['cuDeviceGetUuid', 'cuDeviceGetUuid_v2'])(
    'tells name, memory, compute capability and, by %s, UUID',
    (name) => {
      const file = compiled(`-DUUID=${name}`);
      expect(askForGpus(sessionAddon(), file)).toEqual({
        tensorflow: [], // a CPU only
        cuda: [
          { name: 'Card 40', uuid: '28303840-4850-5860-6870-7880889098a0', capability: 9, totalBytes: 2 ** 33 },
          { name: 'Card 41', uuid: '29313941-4951-5961-6971-7981899199a1', capability: 8.6, totalBytes: 2 ** 34 },
        ],
      });
      rmSync(join(file, '..'), { recursive: true });
    },
  );

  it('may be missing, or of a version that lacks a function', () => {
    expect(askForGpus(sessionAddon(), '/no/libcuda.so.1').cuda).toEqual([]);
    const file = compiled();
    expect(askForGpus(sessionAddon(), file).cuda).toEqual([]);
    expect(() => sessionAddon().cudaGpus(file)).toThrow("CUDA's driver library has no cuDeviceGetUuid");
    rmSync(join(file, '..'), { recursive: true });
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
