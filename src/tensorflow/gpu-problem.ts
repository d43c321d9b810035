/** @file Finds out, before TensorFlow is loaded, why it cannot use a GPU. */
import { setupCommand } from '../base/setup-command.js';
import { cardProblem, kernelProblem } from './card-problem.js';
import { librariesProblem } from './cuda-libraries.js';
import type { DevicesChoice } from './device-choice.js';
import { contextProblem, driverProblem } from './driver-problem.js';
import { chooseGpus, type Problem } from './gpu-choice.js';
import type { Machine } from './machine.js';
import type { Nvidia } from './nvidia.js';

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
  const first = driverProblem(nvidia, machine);
  if (first !== undefined) return first;
  const chosen = chooseGpus(nvidia, choice, machine.env);
  if ('found' in chosen) return chosen;
  if (isOnGpu) return undefined;
  const [card] = chosen.flatMap(({ gpu }) => (gpu && (cardProblem(gpu) ?? kernelProblem(machine, nvidia, gpu))) ?? []);
  return (
    card ??
    buildProblem(machine) ??
    (await librariesProblem(machine, isShared || chosen.length > 1)) ??
    contextProblem(machine, chosen, await machine.askDriver(chosen.map(({ visible }) => visible).join(',')))
  );
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
