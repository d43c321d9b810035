/**
 * @file Kernels that TensorFlow has only as PTX for a GPU: the driver compiles each at first use and keeps it in CUDA's
 * cache. That can take minutes, during which nothing else happens.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import type { Machine } from './machine.js';
import { PTX_ONLY, type Gpu } from './nvidia.js';

/** What kernels are used for: training uses more of them. */
export type KernelUse = 'training' | 'encoding';

/** The most that CUDA's cache can be allowed to hold, 4 GiB (CUDA Programming Guide, CUDA_CACHE_MAXSIZE). */
export const LARGEST_CACHE = String(2 ** 32);

/** The record to make once the kernels have been used. */
let awaited: string | undefined;

/**
 * Says that the driver is about to compile kernels; undefined if it has them all, as far as is known.
 *
 * @param driver its version, if known
 */
export function compilationNotice(
  machine: Machine,
  { index, name, capability }: Gpu,
  { driver = 'unknown', use }: { readonly driver?: string | undefined; readonly use: KernelUse },
): string | undefined {
  const setup = machine.setup();
  if (capability === undefined || capability < PTX_ONLY.capability || setup?.device !== 'gpu') return undefined;
  const cache = cudaCache(machine.env);
  const facts = [setup.libtensorflow?.version ?? 'unknown', driver, capability.toFixed(1), use];
  const record = join(ownCache(machine.env), 'compiled-kernels', facts.join('_'));
  if (cache !== undefined && machine.exists(record) && machine.list(cache).length > 0) return undefined;
  awaited = record;
  return (
    `GPU ${index} (${name}): the driver compiles TensorFlow's kernels when they are first used, which may take ` +
    (cache === undefined ? 'minutes each time, as CUDA_CACHE_DISABLE is set' : `minutes, and keeps them in ${cache}`)
  );
}

/** To be called when kernels have been used, so that no later start announces their compilation again. */
export async function recordCompiledKernels(): Promise<void> {
  if (awaited === undefined) return;
  const record = awaited;
  awaited = undefined;
  try {
    await mkdir(dirname(record), { recursive: true });
    await writeFile(record, '');
  } catch {
    // the next start says it again
  }
}

/** Where CUDA keeps compiled kernels; undefined if it does not. */
function cudaCache({ CUDA_CACHE_DISABLE: disabled, CUDA_CACHE_PATH: path }: Machine['env']): string | undefined {
  if (disabled === '1') return undefined;
  return path === undefined || path === '' ? join(homedir(), '.nv', 'ComputeCache') : path;
}

/** The cache of set-up (scripts/setup/cache-home.mjs). */
function ownCache({ XDG_CACHE_HOME: home = '' }: Machine['env']): string {
  return join(isAbsolute(home) ? home : join(homedir(), '.cache'), 'kd');
}
