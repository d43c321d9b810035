import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { compilationNotice, recordCompiledKernels, type KernelUse } from '../../src/tensorflow/kernel-cache.js';
import type { Gpu } from '../../src/tensorflow/nvidia.js';
import { fakeMachine, GPU_SETUP, type Fake } from './fake-machine.js';

const home = mkdtempSync(join(tmpdir(), 'kd-kernels-'));
afterAll(() => {
  rmSync(home, { recursive: true });
});

const H200: Gpu = { index: 0, uuid: 'GPU-1', name: 'NVIDIA H200', capability: 9 };
const CACHE = join(homedir(), '.nv', 'ComputeCache');

/** The notice on a machine whose caches are as given. */
function notice(gpu: Gpu, use: KernelUse, { cached = [], ...fake }: Fake & { readonly cached?: string[] } = {}) {
  const machine = fakeMachine({ ...fake, env: { XDG_CACHE_HOME: home, ...fake.env } });
  const list = (folder: string) => (folder === CACHE ? cached : []);
  return compilationNotice({ ...machine, exists: existsSync, list }, gpu, { driver: '575.57.08', use });
}

const SAID =
  "GPU 0 (NVIDIA H200): the driver compiles TensorFlow's kernels when they are first used, which may take minutes, " +
  `and keeps them in ${CACHE}`;

describe('kernels that the driver compiles', () => {
  it('are announced until they have been used', async () => {
    expect(notice(H200, 'training', { cached: ['index'] })).toBe(SAID);
    expect(notice(H200, 'training', { cached: ['index'] })).toBe(SAID);
    await recordCompiledKernels();
    expect(readdirSync(join(home, 'kd', 'compiled-kernels'))).toEqual(['2.21.0_575.57.08_9.0_training']);
    expect(notice(H200, 'training', { cached: ['index'] })).toBeUndefined();
    expect(notice(H200, 'encoding', { cached: ['index'] })).toBe(SAID);
    expect(notice(H200, 'training')).toBe(SAID); // CUDA's cache is empty again
  });

  it('are all there for other GPUs, and unknown in a TensorFlow of your own', () => {
    expect(notice({ ...H200, capability: 8.9 }, 'training')).toBeUndefined();
    expect(notice({ ...H200, capability: undefined } as unknown as Gpu, 'training')).toBeUndefined();
    expect(notice(H200, 'training', { setup: { ...GPU_SETUP, device: 'own' } })).toBeUndefined();
  });

  it('may be kept elsewhere, or not at all', () => {
    expect(notice(H200, 'encoding', { env: { CUDA_CACHE_PATH: '/kernels' } })).toMatch(/keeps them in \/kernels$/);
    expect(notice(H200, 'encoding', { env: { CUDA_CACHE_DISABLE: '1' } })).toMatch(
      /which may take minutes each time, as CUDA_CACHE_DISABLE is set$/,
    );
  });
});
