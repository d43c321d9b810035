/** @file GPUs as they appear to a process that has loaded TensorFlow. */
import { KD } from '../base/own-command.js';
import type { ChosenGpu, Problem } from './gpu-choice.js';
import type { Gpu } from './nvidia.js';
import { sessionAddon, type CudaGpu, type SessionAddon, type SessionDevice } from './session-addon.js';

/** The library that every NVIDIA driver has; TensorFlow, which uses a GPU, has it open. */
const CUDA_DRIVER = 'libcuda.so.1';

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
    return { tensorflow: addon.devices(session).filter(({ type }) => type === 'GPU'), cuda: cudaGpus(addon, library) };
  } finally {
    addon.close(session);
  }
}

function cudaGpus(addon: SessionAddon, library: string): readonly CudaGpu[] {
  try {
    return addon.cudaGpus(library);
  } catch {
    return []; // a library of another version: nvidia-smi's answers, if there are any, must do
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
 * that tool, as in some containers, they are all that is known.
 */
export function describeGpus(chosen: readonly ChosenGpu[], { tensorflow, cuda }: VisibleGpus): Gpu[] {
  return chosen.map(({ visible: name, gpu }, i) => {
    const [own, seen] = [tensorflow[i], cuda[i]];
    const known: Gpu = gpu ?? {
      index: /^\d+$/.test(name) ? Number(name) : i,
      uuid: seen === undefined ? name : `GPU-${seen.uuid}`,
      name: seen?.name ?? 'NVIDIA GPU',
    };
    return {
      ...(seen && { totalBytes: seen.totalBytes, capability: seen.capability }),
      ...known,
      ...(own && { usableBytes: own.memoryBytes }),
    };
  });
}
