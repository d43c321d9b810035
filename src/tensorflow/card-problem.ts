/** @file What keeps TensorFlow from using a GPU, by what the driver says about the GPU. */
import type { Problem } from './gpu-choice.js';
import type { Machine } from './machine.js';
import { driverName, isOlder, PTX_ONLY, type Gpu, type Nvidia } from './nvidia.js';

/** The lowest for which TensorFlow 2.21's wheel has code: `cuda_compute_capabilities` in its build_info.py. */
const LOWEST_CAPABILITY = 6;

/** The least free memory that meets the needs of the libraries themselves. */
const MIN_FREE_BYTES = 1e9;

/** What is wrong with a GPU. */
export function cardProblem({ index, name, capability, freeBytes, totalBytes, ...gpu }: Gpu): Problem | undefined {
  if (gpu.lacksParts === true) {
    return {
      found: `GPU ${index} (${name}) is to be divided (MIG), but nvidia-smi lists no part of it`,
      remedy:
        'create one, such as `sudo nvidia-smi mig -cgi 0 -C`, or use it undivided after `sudo nvidia-smi -mig 0`; ' +
        'a container needs a part assigned to it',
    };
  }
  if (capability !== undefined && capability < LOWEST_CAPABILITY) {
    return {
      found:
        `GPU ${index} (${name}) has compute capability ${capability.toFixed(1)}, ` +
        `and this TensorFlow has code for ${LOWEST_CAPABILITY.toFixed(1)} and newer`,
      remedy: 'take another GPU (--device gpu:N) or --device cpu',
    };
  }
  if (freeBytes !== undefined && freeBytes < MIN_FREE_BYTES) {
    const text = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
    return {
      found:
        `GPU ${index} (${name}) has ${text(freeBytes)}${totalBytes === undefined ? '' : ` of ${text(totalBytes)}`} ` +
        `free, and nothing runs in less than ${text(MIN_FREE_BYTES)}`,
      remedy: 'end the processes that nvidia-smi lists on it, or take another (--device gpu:N)',
    };
  }
  return undefined;
}

/**
 * Whether the driver is too old to compile the kernels that the wheel has for a GPU only as PTX. A newer CUDA than the
 * driver's own may be installed beside it (NVIDIA's `cuda-compat` packages).
 */
export function kernelProblem(machine: Machine, nvidia: Nvidia, { index, name, capability }: Gpu): Problem | undefined {
  if (nvidia.state !== 'present' || machine.setup()?.device === 'own') return undefined;
  if (capability === undefined || capability < PTX_ONLY.capability) return undefined;
  const { driver, cuda } = nvidia;
  const isOld =
    driver === undefined
      ? cuda !== undefined && isOlder(cuda, PTX_ONLY.cuda)
      : isOlder(driver, PTX_ONLY.driver) && isOlder(cuda ?? '0', PTX_ONLY.cuda);
  if (!isOld) return undefined;
  return {
    found:
      `${driverName(nvidia)} cannot compile this TensorFlow's kernels for GPU ${index} ` +
      `(${name}, compute capability ${capability.toFixed(1)}), which takes ${PTX_ONLY.driver} or newer`,
    remedy: `update the driver, or install NVIDIA's package cuda-compat-${PTX_ONLY.cuda.replace('.', '-')} or newer`,
  };
}
