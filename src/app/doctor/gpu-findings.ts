/** @file Findings about NVIDIA GPUs: driver, cards, libraries. */
import { findLibraries, GPU_LIBRARIES, librariesProblem } from '../../tensorflow/cuda-libraries.js';
import { chooseGpu, type DeviceChoice } from '../../tensorflow/gpu-choice.js';
import { buildProblem, cardProblem, driverProblem, kernelProblem } from '../../tensorflow/gpu-problem.js';
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
  const driver = driverProblem(nvidia);
  yield driver === undefined
    ? {
        name: 'driver',
        ok: true,
        found: nvidia.state === 'present' ? `NVIDIA ${nvidia.driver}` : 'NVIDIA, without nvidia-smi',
      }
    : problemFinding('driver', driver);
  if (nvidia.state === 'present') for (const gpu of nvidia.gpus) yield gpuFinding(machine, nvidia, gpu);
  if (nvidia.state === 'present' || nvidia.state === 'unlisted') {
    const chosen = chooseGpu(nvidia, device, machine.env);
    yield 'found' in chosen
      ? problemFinding('device', chosen)
      : { name: 'device', ok: true, found: `${device}: CUDA_VISIBLE_DEVICES=${chosen.visible}` };
  }
  const build = buildProblem(machine);
  if (build !== undefined) yield problemFinding('build', build);
  else yield* libraryFindings(machine);
}

function gpuFinding(machine: MachineFacts, nvidia: Nvidia, gpu: Gpu): Finding {
  const problem = cardProblem(gpu) ?? kernelProblem(machine, nvidia, gpu);
  if (problem !== undefined) return problemFinding(`GPU ${gpu.index}`, problem);
  const { name, freeBytes, totalBytes, capability } = gpu;
  const memory =
    freeBytes === undefined || totalBytes === undefined
      ? 'memory unknown to nvidia-smi'
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
