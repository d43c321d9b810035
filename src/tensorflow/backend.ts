/**
 * @file Loads TensorFlow: the native backend if set-up has installed it, else tfjs's pure-JavaScript one. Everything
 * else imports `@tensorflow/tfjs-core` and computes on whichever was chosen.
 */
import { KD } from '../base/own-command.js';
import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs-core';
import { InputError } from '../base/errors.js';
import { absenceReason } from './absence.js';
import { registerCpuKernels } from './cpu-kernels.js';
import { tensorflowEnvironment } from './environment.js';
import {
  checkCpuDevices,
  chooseGpus,
  countCpuDevices,
  type ChosenGpu,
  type DevicesChoice,
  type Problem,
} from './gpu-choice.js';
import { gpuProblem, unusedGpu } from './gpu-problem.js';
import { thisMachine, type Machine } from './machine.js';
import { withMutedStderr } from './muted.js';
import { detectGpus, type Gpu } from './nvidia.js';
import { setVariables } from './own-variables.js';
import { registerTensorflowKernels } from './kernels.js';
import type { NodeBackend } from './native-backend.js';

/** TensorFlow's log level for errors only; a user can set a lower one to see everything. */
const SILENT = '2';
/** The level for fatal errors only, so that the loss of a rank is reported once. */
export const SILENT_IN_CLUSTER = '3';

/** Where ops run: TensorFlow's kernels, or tfjs's own in JavaScript. */
export const BACKENDS = ['auto', 'tensorflow', 'cpu'] as const;
export type BackendChoice = (typeof BACKENDS)[number];

export interface BackendInfo {
  readonly backend: 'tensorflow' | 'cpu';
  /** libtensorflow's version; absent on the pure-JavaScript backend. */
  readonly version?: string;
  readonly device: 'gpu' | 'cpu';
  /** The number of devices that share a run's steps, if several. */
  readonly devices?: number;
  /** What the driver reports about the GPU in use; of several, the one with the least free memory. */
  readonly gpu?: Gpu;
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
}

/**
 * Loads a backend and makes it tfjs's current one. A user's own environment variables take precedence.
 *
 * @throws InputError with the reason, if `tensorflow` or a GPU is asked for but not available
 */
export async function loadBackend(
  choice: BackendChoice = 'auto',
  device: DevicesChoice = 'auto',
  { fuse = false, serialOps = false, tf32 = false }: LoadOptions = {},
  machine: Machine = thisMachine,
): Promise<BackendInfo> {
  const isGpuAsked = device.startsWith('gpu');
  const { gpus, problem } = await checkedGpus(choice, device, machine);
  if (choice === 'cpu') return loadJavaScript(undefined);
  const gpu = gpus === undefined || gpus === 'none' ? gpus : { visible: gpus.map(({ visible }) => visible).join(',') };
  setVariables(tensorflowEnvironment(machine.env, machine.setup(), { gpu, fuse, serialOps, tf32 }));
  const info = await loadNative(choice);
  if (info.backend === 'cpu') return info;
  const found = gpus === undefined || gpus === 'none' ? [] : gpus;
  const left = problem ?? (found.length > 0 && info.device === 'cpu' ? await unusedGpu(machine) : undefined);
  if (isGpuAsked && left !== undefined) throw noGpu(device, left);
  if (left !== undefined) return { ...info, reason: `no GPU (${left.found}): computing on the CPU; ${left.remedy}` };
  const count = found.length > 0 ? found.length : countCpuDevices(device);
  const told = found.flatMap((each) => each.gpu ?? []);
  return {
    ...info,
    ...(count === 1 ? {} : { devices: count }),
    ...(told.length === 0
      ? {}
      : { gpu: told.reduce((least, each) => (freeBytesOf(each) < freeBytesOf(least) ? each : least)) }),
  };
}

const freeBytesOf = ({ freeBytes = Infinity }: Gpu): number => freeBytes;

/**
 * Checks, without loading anything, that the GPU or the number of devices asked for is available.
 *
 * @throws InputError like `loadBackend`
 */
export async function checkDevice(
  choice: BackendChoice,
  device: DevicesChoice,
  machine: Machine = thisMachine,
): Promise<void> {
  if (device !== 'auto') await checkedGpus(choice, device, machine);
}

async function checkedGpus(choice: BackendChoice, device: DevicesChoice, machine: Machine): Promise<DecidedGpus> {
  const isGpuAsked = device.startsWith('gpu');
  checkCpuDevices(device);
  if (choice === 'cpu') {
    if (!isGpuAsked) return { gpus: 'none' };
    throw new InputError(
      `--device ${device}: expected --backend tensorflow, which can use a GPU, got cpu; leave out one of them`,
    );
  }
  const decided = await decideGpus(machine, device);
  if (isGpuAsked && decided.problem !== undefined) throw noGpu(device, decided.problem);
  return decided;
}

interface DecidedGpus {
  readonly gpus?: readonly ChosenGpu[] | 'none';
  readonly problem?: Problem;
}

/** Decides which GPUs to use, and what keeps one that is present or asked for from being used. */
async function decideGpus(machine: Machine, device: DevicesChoice): Promise<DecidedGpus> {
  if (device.startsWith('cpu')) return { gpus: 'none' };
  const nvidia = await detectGpus(machine);
  if (nvidia.state === 'absent' && device === 'auto') return {};
  const problem = await gpuProblem(machine, nvidia, device, isOnGpu());
  if (problem !== undefined) return { gpus: 'none', problem };
  return { gpus: chooseGpus(nvidia, device, machine.env) as ChosenGpu[] }; // otherwise there would be a problem
}

/** Whether TensorFlow already uses a GPU in this process, as after training. */
function isOnGpu(): boolean {
  return (tf.findBackend('tensorflow') as unknown as NodeBackend | null)?.isUsingGpuDevice === true;
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

/** Loads the native package, which registers itself as tfjs's backend `tensorflow`. */
function requireNative(): NodeBackend {
  prepareProcess();
  const load = (): NodeBackend => {
    createRequire(import.meta.url)('@tensorflow/tfjs-node-gpu');
    return tf.findBackend('tensorflow') as unknown as NodeBackend;
  };
  const { TF_CPP_MIN_LOG_LEVEL: level = '' } = process.env;
  return [SILENT, SILENT_IN_CLUSTER].includes(level) ? withMutedStderr(load) : load();
}

/**
 * Prepares the process for loading the package: TensorFlow reads its environment once, and the package calls two
 * functions of Node's `util` that Node 23 removed.
 */
function prepareProcess(): void {
  process.env.TF_CPP_MIN_LOG_LEVEL ??= SILENT;
  // By default, oneDNN is on only for CPUs with AVX-512 VNNI. Without it, training is a third slower, and half of that
  // is page faults.
  process.env.TF_ENABLE_ONEDNN_OPTS ??= '1';
  // the module object itself, not a frozen namespace
  const legacy = createRequire(import.meta.url)('node:util') as Record<string, unknown>;
  legacy.isNullOrUndefined = (value: unknown): boolean => value == null;
  legacy.isArray = Array.isArray;
}

async function loadJavaScript(reason: string | undefined): Promise<BackendInfo> {
  tf.enableProdMode(); // no banner recommending the native package, and no check of every value
  await import('@tensorflow/tfjs'); // the backend, and the gradients that tfjs-core alone does not register
  registerCpuKernels();
  await tf.setBackend('cpu');
  return { backend: 'cpu', device: 'cpu', ...(reason === undefined ? {} : { reason }) };
}
