/** @file Findings about NVIDIA GPUs: driver, cards, libraries. */
import { findLibraries, GPU_LIBRARIES, librariesProblem } from '../../tensorflow/cuda-libraries.js';
import { cardProblem, kernelProblem } from '../../tensorflow/card-problem.js';
import type { DeviceChoice } from '../../tensorflow/device-choice.js';
import { contextProblem, driverProblem } from '../../tensorflow/driver-problem.js';
import { chooseGpu } from '../../tensorflow/gpu-choice.js';
import { buildProblem } from '../../tensorflow/gpu-problem.js';
import { PTX_ONLY, type Gpu, type Nvidia } from '../../tensorflow/nvidia.js';
import { formatBytes } from '../../base/format.js';
import { problemFinding, type Finding } from './finding.js';
import type { MachineFacts } from './machine-facts.js';

const LIBRARY_NAMES = new Set<string>(GPU_LIBRARIES);

/** Checks driver, GPUs and libraries, each only if the previous check leaves something to examine. */
export async function* gpuFindings(
  machine: MachineFacts,
  nvidia: Nvidia,
  device: DeviceChoice,
): AsyncGenerator<Finding> {
  const driver = driverProblem(nvidia, machine);
  yield driver === undefined
    ? { name: 'driver', ok: true, found: describeDriver(nvidia) }
    : problemFinding('driver', driver);
  if (nvidia.state === 'present') for (const gpu of nvidia.gpus) yield gpuFinding(machine, nvidia, gpu);
  if (nvidia.state === 'present' || nvidia.state === 'unlisted') {
    const chosen = chooseGpu(nvidia, device, machine.env);
    const { visible = '' } = 'found' in chosen ? {} : chosen;
    const problem =
      'found' in chosen ? chosen : contextProblem(machine, [chosen], await machine.askDriver(chosen.visible));
    yield problem === undefined
      ? { name: 'device', ok: true, found: `${device}: CUDA_VISIBLE_DEVICES=${visible}` }
      : problemFinding('device', problem);
  }
  const build = buildProblem(machine);
  if (build !== undefined) yield problemFinding('build', build);
  else yield* libraryFindings(machine);
}

function describeDriver(nvidia: Nvidia): string {
  const { driver, cuda } = nvidia.state === 'present' ? nvidia : {};
  if (driver !== undefined) return `NVIDIA ${driver}`;
  return `NVIDIA${cuda === undefined ? '' : `, for CUDA ${cuda} and older`}, without nvidia-smi`;
}

function gpuFinding(machine: MachineFacts, nvidia: Nvidia, gpu: Gpu): Finding {
  const problem = cardProblem(gpu) ?? kernelProblem(machine, nvidia, gpu);
  if (problem !== undefined) return problemFinding(`GPU ${gpu.index}`, problem);
  const { name, freeBytes, totalBytes, capability } = gpu;
  const memory =
    freeBytes === undefined || totalBytes === undefined
      ? 'memory unknown to the driver'
      : `${formatBytes(freeBytes)} free of ${formatBytes(totalBytes)}`;
  const of = capability === undefined ? '' : `, compute capability ${capability.toFixed(1)}`;
  const isCompiled = capability !== undefined && capability >= PTX_ONLY.capability && machine.setup()?.device === 'gpu';
  return {
    name: `GPU ${gpu.index}`,
    ok: true,
    found: `${name}, ${memory}${of}${isCompiled ? ', for which the driver compiles kernels at first use' : ''}`,
  };
}

/** A finding for each library that TensorFlow opens and each file that XLA needs, with a remedy if it is missing. */
async function* libraryFindings(machine: MachineFacts): AsyncGenerator<Finding> {
  const problem = await librariesProblem(machine);
  for (const { name, path, version } of await findLibraries(machine)) {
    const label = LIBRARY_NAMES.has(name) ? name : `${name} (XLA)`;
    if (path === undefined) yield { name: 'CUDA', ok: false, found: `${label} is missing`, remedy: problem!.remedy };
    else yield { name: 'CUDA', ok: true, found: `${label}${version === undefined ? '' : ` ${version}`}, ${path}` };
  }
}
