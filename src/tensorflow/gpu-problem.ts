/** @file Finds out, before TensorFlow is loaded, why it cannot use a GPU. */
import { KD } from '../base/own-command.js';
import { setupCommand } from '../base/setup-command.js';
import { librariesProblem, loaderPaths } from './cuda-libraries.js';
import { chooseGpus, type DevicesChoice, type Problem } from './gpu-choice.js';
import type { Machine } from './machine.js';
import { hasDriverLibrary, isOlder, PTX_ONLY, type Gpu, type Nvidia } from './nvidia.js';

/** The oldest driver that runs CUDA 12 programs (CUDA Toolkit release notes, table of minimum driver versions). */
const OLDEST_DRIVER = '525.60.13';

/** The lowest for which TensorFlow 2.21's wheel has code: `cuda_compute_capabilities` in its build_info.py. */
const LOWEST_CAPABILITY = 6;

/** The least free memory that meets the needs of the libraries themselves. */
const MIN_FREE_BYTES = 1e9;

/**
 * The first problem that keeps TensorFlow from using a GPU here, as far as is known before it is loaded; undefined if
 * there is none.
 *
 * @param isOnGpu whether this process already computes on one, whose memory it has then taken
 * @param isShared whether other processes share the steps, with whose GPUs sums are exchanged
 */
export async function gpuProblem(
  machine: Machine,
  nvidia: Nvidia,
  choice: DevicesChoice,
  { isOnGpu = false, isShared = false }: { readonly isOnGpu?: boolean; readonly isShared?: boolean } = {},
): Promise<Problem | undefined> {
  const first = driverProblem(nvidia);
  if (first !== undefined) return first;
  const chosen = chooseGpus(nvidia, choice, machine.env);
  if ('found' in chosen) return chosen;
  if (isOnGpu) return undefined;
  const [card] = chosen.flatMap(({ gpu }) => (gpu && (cardProblem(gpu) ?? kernelProblem(machine, nvidia, gpu))) ?? []);
  return card ?? buildProblem(machine) ?? (await librariesProblem(machine, isShared || chosen.length > 1));
}

/** What is wrong with the driver. */
export function driverProblem(nvidia: Nvidia): Problem | undefined {
  if (nvidia.state === 'absent') {
    return { found: 'no NVIDIA GPU was found', remedy: "install NVIDIA's driver; a container needs --gpus all" };
  }
  if (nvidia.state === 'broken') {
    return {
      found: `the NVIDIA driver does not answer (${nvidia.failure})`,
      remedy: 'restart the machine, or reinstall the driver, until nvidia-smi lists the GPU',
    };
  }
  if (nvidia.state === 'present' && isOlder(nvidia.driver, OLDEST_DRIVER)) {
    return {
      found: `driver ${nvidia.driver}, but CUDA 12 needs ${OLDEST_DRIVER} or newer`,
      remedy: 'update the driver',
    };
  }
  return undefined;
}

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
  const { driver, cuda = '0' } = nvidia;
  if (!isOlder(driver, PTX_ONLY.driver) || !isOlder(cuda, PTX_ONLY.cuda)) return undefined;
  return {
    found:
      `driver ${driver} cannot compile this TensorFlow's kernels for GPU ${index} ` +
      `(${name}, compute capability ${capability.toFixed(1)}), which takes ${PTX_ONLY.driver} or newer`,
    remedy: `update the driver, or install NVIDIA's package cuda-compat-${PTX_ONLY.cuda.replace('.', '-')} or newer`,
  };
}

/** What is wrong with the TensorFlow that set-up installed. */
export function buildProblem(machine: Machine): Problem | undefined {
  const setup = machine.setup();
  if (setup === undefined || setup.device === 'own' || setup.device === 'gpu') return undefined;
  const forCpu = 'the installed TensorFlow is the CPU build';
  if (setup.backend === 'cpu')
    return {
      found: `no TensorFlow (${setup.reason ?? 'set-up left it out'})`,
      remedy: setup.remedy ?? `run ${setupCommand()}`,
    };
  if (setup.gpu !== undefined) return { found: `${forCpu}, because ${setup.gpu.reason}`, remedy: setup.gpu.remedy };
  if (setup.choice?.device === 'cpu')
    return { found: `${forCpu}, as set-up was told`, remedy: `run ${setupCommand('--device', 'auto')}` };
  return { found: forCpu, remedy: `run ${setupCommand()}, which finds the GPU` };
}

/** Why TensorFlow, once loaded, uses no GPU although nothing was known to keep it from one. */
export async function unusedGpu(machine: Machine): Promise<Problem> {
  const found = 'TensorFlow uses none';
  if (!hasDriverLibrary(machine) && !(await loaderPaths(machine)).has('libcuda.so.1'))
    return {
      found: `${found}, and the driver's library libcuda.so.1 is missing`,
      remedy: 'install it; a container needs NVIDIA_DRIVER_CAPABILITIES=compute,utility',
    };
  const devices = machine.list('/dev');
  if (devices.includes('nvidiactl') && !devices.includes('nvidia-uvm'))
    return {
      found: `${found}, and /dev/nvidia-uvm is missing`,
      remedy: 'run `sudo nvidia-modprobe --unified-memory --create=0` on the machine itself',
    };
  return { found, remedy: `\`TF_CPP_MIN_LOG_LEVEL=0 ${KD} doctor\` shows what it says about it` };
}
