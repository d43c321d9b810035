/** @file What keeps TensorFlow from using a GPU, by what the driver says about itself and CUDA about the driver. */
import { KD } from '../base/own-command.js';
import { cardProblem, kernelProblem } from './card-problem.js';
import { cudaRemedy } from './cuda-errors.js';
import { CUDA_DRIVER, type DriverReport } from './driver-addon.js';
import type { ChosenGpu, Problem } from './gpu-choice.js';
import type { Machine } from './machine.js';
import { driverName, fromCuda, isOlder, type Nvidia } from './nvidia.js';

/** The oldest driver that runs CUDA 12 programs (CUDA Toolkit release notes, table of minimum driver versions). */
const OLDEST_DRIVER = '525.60.13';
/** The CUDA of that driver. */
const OLDEST_CUDA = '12.0';

/** Where the driver's library may be though the dynamic loader does not look there: WSL, Colab, Kubernetes, NixOS. */
const OTHER_FOLDERS = [
  '/usr/lib/wsl/lib',
  '/usr/lib64-nvidia',
  '/usr/local/nvidia/lib64',
  '/run/opengl-driver/lib',
] as const;

/** What is wrong with the driver. */
export function driverProblem(nvidia: Nvidia, machine: Machine): Problem | undefined {
  if (nvidia.state === 'absent') {
    if (nvidia.lacksLibrary === true) return missingLibrary(machine, "there is a GPU's device file");
    return { found: 'no NVIDIA GPU was found', remedy: "install NVIDIA's driver; a container needs --gpus all" };
  }
  if (nvidia.state === 'broken') {
    return {
      found: `the NVIDIA driver does not answer (${nvidia.failure})`,
      remedy: nvidia.remedy ?? 'restart the machine, or reinstall the driver, until nvidia-smi lists the GPU',
    };
  }
  if (nvidia.state === 'unlisted') return undefined;
  const { driver, cuda = OLDEST_CUDA } = nvidia;
  const isOld = driver === undefined ? isOlder(cuda, OLDEST_CUDA) : isOlder(driver, OLDEST_DRIVER);
  if (!isOld) return undefined;
  return {
    found: `${driverName(nvidia)}, but CUDA 12 needs ${OLDEST_DRIVER} or newer`,
    remedy: 'update the driver',
  };
}

/** The dynamic loader does not find the driver's library, which may be in a folder where it does not look. */
function missingLibrary(machine: Machine, where: string): Problem {
  const folder = OTHER_FOLDERS.find((each) => machine.exists(`${each}/${CUDA_DRIVER}`));
  const found = `${where}, but the driver's library ${CUDA_DRIVER} is missing`;
  if (folder === undefined)
    return { found, remedy: 'install it; a container needs NVIDIA_DRIVER_CAPABILITIES=compute,utility' };
  return {
    found: `${where}, but the dynamic loader does not search ${folder}, where ${CUDA_DRIVER} is`,
    remedy: `set LD_LIBRARY_PATH=${folder}`,
  };
}

/**
 * What keeps CUDA from using the chosen GPUs, by its own errors. TensorFlow may crash when it cannot have
 * a context on a GPU that it sees.
 *
 * @param report undefined if the driver gave none: then nothing is known
 */
export function contextProblem(
  machine: Machine,
  chosen: readonly ChosenGpu[],
  { failure, cuda, gpus = [] }: DriverReport = {},
): Problem | undefined {
  if (failure?.code === 'NOT_FOUND' && failure.message.includes(CUDA_DRIVER))
    return missingLibrary(machine, 'the driver lists it');
  if (failure?.code.startsWith('CUDA_') === true)
    return missingDeviceFile(machine, failure.message) ?? { found: failure.message, remedy: cudaRemedy(failure.code) };
  for (const [i, gpu] of gpus.entries()) {
    const known = fromCuda(gpu, chosen[i]?.gpu?.index ?? i);
    if (gpu.failure?.startsWith('CUDA_') === true)
      return {
        found: `CUDA cannot use GPU ${known.index} (${gpu.name}): ${gpu.failure}`,
        remedy: cudaRemedy(gpu.failure),
      };
    const nvidia = { state: 'present', gpus: [], ...(cuda !== undefined && { cuda }) } as const;
    const problem = cardProblem(known) ?? kernelProblem(machine, nvidia, known);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** A device file without which CUDA uses no GPU, and which only root of the machine itself can make. */
function missingDeviceFile(machine: Machine, found: string): Problem | undefined {
  const devices = machine.list('/dev');
  if (!devices.includes('nvidiactl') || devices.includes('nvidia-uvm')) return undefined;
  return {
    found: `${found}, and /dev/nvidia-uvm is missing`,
    remedy: 'run `sudo nvidia-modprobe --unified-memory --create=0` on the machine itself',
  };
}

/** Why TensorFlow, once loaded, uses no GPU although nothing was known to keep it from one. */
export function unusedGpu(machine: Machine): Problem {
  const found = 'TensorFlow uses none';
  const remedy = `\`TF_CPP_MIN_LOG_LEVEL=0 ${KD} doctor\` shows what it says about it`;
  return missingDeviceFile(machine, found) ?? { found, remedy };
}
