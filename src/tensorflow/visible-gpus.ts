/** @file GPUs as they appear to a process that has loaded TensorFlow. */
import { KD } from '../base/own-command.js';
import type { ChosenGpu, Problem } from './gpu-choice.js';
import { CUDA_DRIVER, driverAddon, type CudaGpu } from './driver-addon.js';
import { fromCuda, type Gpu } from './nvidia.js';
import { sessionAddon, type SessionAddon, type SessionDevice } from './session-addon.js';

/** What TensorFlow and CUDA show to this process, both in the order of `CUDA_VISIBLE_DEVICES`. */
export interface VisibleGpus {
  readonly tensorflow: readonly Pick<SessionDevice, 'memoryBytes'>[];
  /** Empty if the library does not answer. */
  readonly cuda: readonly CudaGpu[];
}

let visible: VisibleGpus | undefined;

/**
 * Asks TensorFlow, which must use a GPU, and CUDA. TensorFlow decides once per process how much memory it may hand out;
 * later answers would subtract what it holds already, so the first is kept.
 */
export function visibleGpus(): VisibleGpus {
  return (visible ??= askForGpus(sessionAddon()));
}

/**
 * As `visibleGpus`, each time anew.
 *
 * @param library CUDA's driver library
 */
export function askForGpus(addon: SessionAddon, library = CUDA_DRIVER): VisibleGpus {
  const session = addon.open(new Uint8Array(), new Uint8Array(), 1);
  try {
    return { tensorflow: addon.devices(session).filter(({ type }) => type === 'GPU'), cuda: cudaGpus(library) };
  } finally {
    addon.close(session);
  }
}

function cudaGpus(library: string): readonly CudaGpu[] {
  try {
    return driverAddon().gpus(library);
  } catch {
    return []; // a library of another version, or the addon is missing: what is known from elsewhere must do
  }
}

/** What is wrong if TensorFlow uses fewer GPUs than were chosen. */
export function leftOutGpus(chosen: readonly ChosenGpu[], { tensorflow }: VisibleGpus): Problem | undefined {
  if (tensorflow.length >= chosen.length) return undefined;
  return {
    found: `TensorFlow uses only ${tensorflow.length} of these ${chosen.length} GPUs`,
    remedy:
      'it leaves out GPUs that are much smaller than another (TF_MIN_GPU_MULTIPROCESSOR_COUNT): name the others, or ' +
      `see with \`TF_CPP_MIN_LOG_LEVEL=0 ${KD} doctor\` what it says`,
  };
}

/**
 * The chosen GPUs, with what TensorFlow and CUDA know about them in place of what `nvidia-smi` did not say. Without
 * that tool, as in some containers, they are all that is known. CUDA has the last word on which GPU it is: with a
 * `CUDA_DEVICE_ORDER` of the user's, its numbers are not those of the driver.
 */
export function describeGpus(chosen: readonly ChosenGpu[], { tensorflow, cuda }: VisibleGpus): Gpu[] {
  return chosen.map(({ visible: name, gpu }, i) => {
    const [own, seen] = [tensorflow[i], cuda[i]];
    const isListed = gpu !== undefined && (seen === undefined || gpu.uuid.endsWith(seen.uuid));
    const index = /^\d+$/.test(name) ? Number(name) : i;
    const unlisted = seen === undefined ? { index, uuid: name, name: 'NVIDIA GPU' } : fromCuda(seen, index);
    return {
      ...(seen && { totalBytes: seen.totalBytes, capability: seen.capability }),
      ...(isListed ? gpu : unlisted),
      ...(own && { usableBytes: own.memoryBytes }),
    };
  });
}
