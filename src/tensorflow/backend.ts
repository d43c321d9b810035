/**
 * @file Loads TensorFlow: the native backend if set-up has installed it, else tfjs's pure-JavaScript one. Everything
 * else imports `@tensorflow/tfjs-core` and computes on whichever was chosen.
 */
import { KD } from '../base/own-command.js';
import tf from '../base/tfjs.cjs';
import { InputError } from '../base/errors.js';
import { endAtOnce } from '../base/stop-signals.js';
import { absenceReason } from './absence.js';
import type { BackendChoice } from './backend-choice.js';
import { registerCpuKernels } from './cpu-kernels.js';
import { tensorflowEnvironment } from './environment.js';
import { checkCpuDevices, chooseGpus, countCpuDevices, type ChosenGpu, type Problem } from './gpu-choice.js';
import type { DevicesChoice } from './device-choice.js';
import { freeGpuBytes } from './gpu-memory.js';
import { unusedGpu } from './driver-problem.js';
import { gpuProblem } from './gpu-problem.js';
import { compilationNotice, type KernelUse } from './kernel-cache.js';
import { thisMachine, type Machine } from './machine.js';
import { detectGpus, type Gpu } from './nvidia.js';
import { setVariables } from './own-variables.js';
import { registerTensorflowKernels } from './kernels.js';
import { isOnGpu, requireNative, type NodeBackend } from './native-backend.js';
import { describeGpus, leftOutGpus, visibleGpus } from './visible-gpus.js';

export interface BackendInfo {
  readonly backend: 'tensorflow' | 'cpu';
  /** libtensorflow's version; absent on the pure-JavaScript backend. */
  readonly version?: string;
  readonly device: 'gpu' | 'cpu';
  /** The number of devices that share a run's steps, if several. */
  readonly devices?: number;
  /** What the driver and TensorFlow report about the GPU in use; of several, the one with the least free memory. */
  readonly gpu?: Gpu;
  /** The UUIDs of all GPUs in use. */
  readonly uuids?: readonly string[];
  /** Why a better backend or device is not used, in one line, if there is a reason. */
  readonly reason?: string;
}

/** Settings of TensorFlow, made before it is loaded, since it reads its environment once. */
export interface LoadOptions {
  /** Whether XLA compiles what it can on a GPU; worth it for models whose tensors exceed the caches. */
  readonly fuse?: boolean;
  /**
   * Whether each op runs on one core, and a graph's ops run side by side: for models whose ops are too small to split
   * among cores.
   */
  readonly serialOps?: boolean;
  /** Whether a GPU may take TF32 for float32 products. */
  readonly tf32?: boolean;
  /** Whether several processes share a run's steps, so that even one GPU each needs what sums over several. */
  readonly isShared?: boolean;
  /** What the kernels are for; default: encoding. */
  readonly use?: KernelUse;
  /** Told that loading, or the first use of a GPU, will take long. */
  readonly onNotice?: ((text: string) => void) | undefined;
}

/**
 * Loads a backend and makes it tfjs's current one. A user's own environment variables take precedence.
 *
 * @throws InputError with the reason, if `tensorflow` or a GPU is asked for but not available
 */
export async function loadBackend(
  choice: BackendChoice = 'auto',
  device: DevicesChoice = 'auto',
  { fuse = false, serialOps = false, tf32 = false, isShared = false, use = 'encoding', onNotice }: LoadOptions = {},
  machine: Machine = thisMachine,
): Promise<BackendInfo> {
  const isGpuAsked = device.startsWith('gpu');
  const { gpus, problem, driver } = await checkedGpus(choice, device, machine, isShared);
  if (choice === 'cpu') return loadJavaScript(undefined);
  const gpu = gpus === undefined || gpus === 'none' ? gpus : { visible: gpus.map(({ visible }) => visible).join(',') };
  setVariables(tensorflowEnvironment(machine.env, machine.setup(), { gpu, fuse, serialOps, tf32 }));
  const found = gpus === undefined || gpus === 'none' ? [] : gpus;
  const announce = (some: readonly Gpu[]): void => {
    const [notice] = some.flatMap((each) => compilationNotice(machine, each, { driver, use }) ?? []);
    if (notice !== undefined && !wasOnGpu) onNotice?.(notice);
  };
  const wasOnGpu = isOnGpu();
  announce(found.flatMap((each) => each.gpu ?? []));
  const info = await loadNative(choice);
  if (info.backend === 'cpu') return info;
  const seen = found.length > 0 && info.device === 'gpu' ? visibleGpus() : undefined;
  const left = problem ?? (found.length === 0 ? undefined : seen ? leftOutGpus(found, seen) : unusedGpu(machine));
  if (isGpuAsked && left !== undefined) throw noGpu(device, left);
  if (left !== undefined) return { ...info, reason: `no GPU (${left.found}): computing on the CPU; ${left.remedy}` };
  const count = found.length > 0 ? found.length : countCpuDevices(device);
  const told = seen === undefined ? [] : describeGpus(found, seen);
  announce(told.filter((_, i) => found[i]?.gpu?.capability === undefined)); // known only now
  return {
    ...info,
    ...(count === 1 ? {} : { devices: count }),
    ...(told.length > 0 && { gpu: leastFree(told), uuids: told.map(({ uuid }) => uuid).filter(isUuid) }),
  };
}

const isUuid = (text: string): boolean => /^(GPU|MIG)-/.test(text);

function leastFree(gpus: readonly Gpu[]): Gpu {
  return gpus.reduce((least, each) => (freeBytesOf(each) < freeBytesOf(least) ? each : least));
}

const freeBytesOf = (gpu: Gpu): number => freeGpuBytes(gpu) ?? Infinity;

/**
 * Checks, without loading anything, that the GPU or the number of devices asked for is available.
 *
 * @param isShared as in `LoadOptions`
 * @throws InputError like `loadBackend`
 */
export async function checkDevice(
  choice: BackendChoice,
  device: DevicesChoice,
  isShared = false,
  machine: Machine = thisMachine,
): Promise<void> {
  if (device !== 'auto') await checkedGpus(choice, device, machine, isShared);
}

async function checkedGpus(
  choice: BackendChoice,
  device: DevicesChoice,
  machine: Machine,
  isShared: boolean,
): Promise<DecidedGpus> {
  const isGpuAsked = device.startsWith('gpu');
  checkCpuDevices(device);
  if (choice === 'cpu') {
    if (!isGpuAsked) return { gpus: 'none' };
    throw new InputError(
      `--device ${device}: expected --backend tensorflow, which can use a GPU, got cpu; leave out one of them`,
    );
  }
  const decided = await decideGpus(machine, device, isShared);
  if (isGpuAsked && decided.problem !== undefined) throw noGpu(device, decided.problem);
  return decided;
}

interface DecidedGpus {
  readonly gpus?: readonly ChosenGpu[] | 'none';
  readonly problem?: Problem;
  /** The driver's version, if known, or the CUDA that it runs. */
  readonly driver?: string | undefined;
}

/** Decides which GPUs to use, and what keeps one that is present or asked for from being used. */
async function decideGpus(machine: Machine, device: DevicesChoice, isShared: boolean): Promise<DecidedGpus> {
  if (device.startsWith('cpu')) return { gpus: 'none' };
  const nvidia = await detectGpus(machine);
  if (nvidia.state === 'absent' && device === 'auto') return {};
  const problem = await gpuProblem(machine, nvidia, device, { isOnGpu: isOnGpu(), isShared });
  if (problem !== undefined) return { gpus: 'none', problem };
  const gpus = chooseGpus(nvidia, device, machine.env) as ChosenGpu[]; // otherwise there would be a problem
  return { gpus, driver: nvidia.state === 'present' ? (nvidia.driver ?? nvidia.cuda) : undefined };
}

function noGpu(device: DevicesChoice, { found, remedy }: Problem): InputError {
  return new InputError(
    `--device ${device}: expected a working GPU, but ${found}; ${remedy} (\`${KD} doctor\` checks everything)`,
  );
}

async function loadNative(choice: BackendChoice): Promise<BackendInfo> {
  let backend: NodeBackend;
  try {
    backend = requireNative();
  } catch (error) {
    const reason = absenceReason(error);
    if (choice === 'tensorflow') throw new InputError(`--backend tensorflow: ${reason}`);
    return loadJavaScript(reason);
  }
  registerTensorflowKernels();
  await tf.setBackend('tensorflow');
  return {
    backend: 'tensorflow',
    version: backend.binding.TF_Version,
    device: backend.isUsingGpuDevice ? 'gpu' : 'cpu',
  };
}

async function loadJavaScript(reason: string | undefined): Promise<BackendInfo> {
  tf.enableProdMode(); // no banner recommending the native package, and no check of every value
  await import('@tensorflow/tfjs'); // the backend, and the gradients that tfjs-core alone does not register
  registerCpuKernels();
  await tf.setBackend('cpu');
  endAtOnce();
  return { backend: 'cpu', device: 'cpu', ...(reason === undefined ? {} : { reason }) };
}
