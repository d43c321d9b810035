/** @file Finds the libraries and tools that TensorFlow needs besides a GPU's driver. */
import { setupCommand } from '../base/setup-command.js';
import type { Problem } from './gpu-choice.js';
import type { Machine } from './machine.js';

/** The libraries that TensorFlow opens before it uses a GPU; if one is missing, it uses none (tsl's `dso_loader`). */
export const GPU_LIBRARIES = [
  'libcudart.so.12',
  'libcublas.so.12',
  'libcublasLt.so.12',
  'libcufft.so.11',
  'libcusolver.so.11',
  'libcusparse.so.12',
  'libcudnn.so.9',
] as const;

/** What sums gradients over several GPUs. TensorFlow opens it at the first sum, which fails without it. */
export const NCCL = 'libnccl.so.2';

/** What XLA needs to compile for a GPU. */
export const XLA_FILES = ['ptxas', 'libdevice.10.bc'] as const;

/** A library or a tool that GPUs need, and where it is. */
export interface FoundLibrary {
  readonly name: string;
  /** Absent if not found. */
  readonly path?: string;
  readonly version?: string;
}

/**
 * Looks for every library: among those that set-up unpacked, else where the dynamic loader finds it.
 *
 * @param isForSeveral whether several GPUs are to share a run's steps
 */
export async function findLibraries(machine: Machine, isForSeveral = false): Promise<FoundLibrary[]> {
  const unpacked = machine.setup()?.cuda?.files;
  const system = unpacked === undefined ? await loaderPaths(machine) : undefined;
  return [...GPU_LIBRARIES, ...(isForSeveral ? [NCCL] : []), ...XLA_FILES].map((name) => {
    if (unpacked !== undefined) {
      const file = unpacked[name];
      return file !== undefined && machine.exists(file.path)
        ? { name, path: file.path, version: file.version }
        : { name };
    }
    const path = system?.get(name) ?? searchedPaths(machine.env, name).find((candidate) => machine.exists(candidate));
    return path === undefined ? { name } : { name, path };
  });
}

/** Which of these are missing; undefined if none. */
export async function librariesProblem(machine: Machine, isForSeveral = false): Promise<Problem | undefined> {
  const found = await findLibraries(machine, isForSeveral);
  const missing = found.filter(({ path }) => path === undefined).map(({ name }) => name);
  if (missing.length === 0) return undefined;
  const ofSetup = machine.setup()?.cuda !== undefined;
  // by the device's name, so that a slim set-up, which lacks NCCL, becomes a complete one
  const command = missing.includes(NCCL) ? setupCommand('--device', 'gpu') : setupCommand();
  return {
    found: `${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing`,
    remedy: ofSetup
      ? `run ${command}, which downloads what is missing`
      : `install CUDA 12 and cuDNN 9, or run ${setupCommand('--cuda', 'wheels')}`,
  };
}

/** Library names and their paths in the dynamic loader's cache. */
export async function loaderPaths(machine: Machine): Promise<Map<string, string>> {
  const result = (await machine.run('ldconfig', ['-p'])) ?? (await machine.run('/sbin/ldconfig', ['-p']));
  return new Map(
    [...(result?.stdout ?? '').matchAll(/^\s+(\S+) \(.*=> (\S+)$/gm)].map(([, name, path]) => [name!, path!]),
  );
}

/** Where else the loader, or XLA, looks. */
function searchedPaths({ LD_LIBRARY_PATH: own = '', PATH: path = '' }: Machine['env'], name: string): string[] {
  if (name === 'ptxas') return [...path.split(':'), '/usr/local/cuda/bin'].map((folder) => `${folder}/${name}`);
  if (name === 'libdevice.10.bc') return [`/usr/local/cuda/nvvm/libdevice/${name}`];
  return [...own.split(':').filter((folder) => folder !== ''), '/usr/local/cuda/lib64'].map(
    (folder) => `${folder}/${name}`,
  );
}
