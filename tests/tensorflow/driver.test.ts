/** @file NVIDIA's driver, asked by a process of its own before TensorFlow is loaded. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ASK_DRIVER } from '../../src/tensorflow/driver-addon.js';
import { thisMachine } from '../../src/tensorflow/machine.js';
import { BACKENDS_UNDER_TEST } from '../backends.js';
import { CARDS, compileDriver } from './fake-driver.js';

let driver: ReturnType<typeof compileDriver>;
let damaged: string;
beforeAll(() => {
  driver = compileDriver('cuDeviceGetUuid_v2');
  damaged = join(driver.folder, 'damaged');
  mkdirSync(damaged);
  writeFileSync(join(damaged, 'libcuda.so.1'), 'no library');
});
afterAll(() => {
  rmSync(driver.folder, { recursive: true });
});

const before = { ...process.env };
afterEach(() => {
  process.env = { ...before };
});

let asked = 0;
/** Asks anew, as the answers are kept by the GPUs asked about. */
function askWith(env: Readonly<Record<string, string>>) {
  Object.assign(process.env, { LD_LIBRARY_PATH: driver.folder }, env);
  return thisMachine.askDriver(`0,${++asked}`);
}

describe.runIf(BACKENDS_UNDER_TEST.includes('tensorflow'))('the driver, through its library', () => {
  it('tells its CUDA, its GPUs, and what is free once there is a context on them', async () => {
    expect(await askWith({})).toEqual({
      cuda: '12.4',
      gpus: CARDS.map((card, i) => ({ ...card, freeBytes: (40 + i) * 2 ** 28 })),
    });
  });

  it('without a context tells the same, but not what is free', async () => {
    process.env.LD_LIBRARY_PATH = driver.folder;
    expect(await thisMachine.askDriver()).toEqual({ cuda: '12.4', gpus: CARDS });
  });

  it('names the GPU that another process has for itself', async () => {
    expect(await askWith({ FAKE_CONTEXT: '46' })).toMatchObject({
      gpus: [{ freeBytes: 40 * 2 ** 28 }, { failure: 'CUDA_ERROR_DEVICE_UNAVAILABLE' }],
    });
  });

  it.each([
    ['999', 'CUDA_ERROR_UNKNOWN'],
    ['998', 'CUDA error 998'],
  ])('may refuse with the error %s', async (error, name) => {
    expect(await askWith({ FAKE_INIT: error, FAKE_VERSION: '11080' })).toEqual({
      cuda: '11.8',
      failure: { code: name, message: `cuInit failed with ${name}` },
    });
  });

  it('may crash, which says nothing', async () => {
    expect(await askWith({ FAKE_INIT: 'abort' })).toBeUndefined();
  });

  it('may not be where the dynamic loader looks', async () => {
    expect(await askWith({ LD_LIBRARY_PATH: damaged })).toMatchObject({
      failure: { code: 'NOT_FOUND', message: expect.stringContaining('libcuda.so.1') as string },
    });
  });
});

describe('without the addon', () => {
  const ask = (library: string) =>
    JSON.parse(
      spawnSync(process.execPath, ['-e', ASK_DRIVER, '/no/addon.node', library], { encoding: 'utf8' }).stdout,
    ) as unknown;

  it('only whether the library can be opened is known', () => {
    expect(ask(driver.file)).toEqual({});
    expect(ask(join(damaged, 'libcuda.so.1'))).toMatchObject({ failure: { code: 'NOT_FOUND' } });
  });
});
