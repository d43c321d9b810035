/**
 * @file Loads TensorFlow: the native backend where the set-up has put it together, else tfjs's
 * pure-JavaScript one. Everything else imports `@tensorflow/tfjs-core` and computes on whichever was chosen.
 */
import { KD } from '../base/own-command.js';
import { setupCommand } from '../base/setup-command.js';
import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs-core';
import { InputError, messageOf } from '../base/errors.js';
import { registerCpuKernels } from './cpu-kernels.js';
import { tensorflowEnvironment } from './environment.js';
import {
  checkProcessors,
  chooseGpus,
  processorsOf,
  type ChosenGpu,
  type DevicesChoice,
  type Problem,
} from './gpu-choice.js';
import { gpuProblem } from './gpu-problem.js';
import { thisMachine, type Machine } from './machine.js';
import { withMutedStderr } from './muted.js';
import { lookForGpus, type Gpu } from './nvidia.js';
import { readSetupStatus } from './setup-status.js';
import { registerTensorflowKernels } from './kernels.js';
import type { NodeBackend } from './native-backend.js';

/** TensorFlow's log level for errors only; a user who sets a lower one sees everything. */
const SILENT = '2';
/** The level for nothing but what ends the process: what a lost rank leads to is said once. */
export const SILENT_IN_CLUSTER = '3';

/** Loaders of native code say much; its beginning names the cause. */
const MESSAGE_LENGTH = 160;

/** Where ops run: TensorFlow's kernels, or tfjs's own in JavaScript. */
export const BACKENDS = ['auto', 'tensorflow', 'cpu'] as const;
export type BackendChoice = (typeof BACKENDS)[number];

export interface BackendInfo {
  readonly backend: 'tensorflow' | 'cpu';
  /** libtensorflow's version; absent on the pure-JavaScript backend. */
  readonly version?: string;
  readonly device: 'gpu' | 'cpu';
  /** Devices that share out a run's steps, where there are several. */
  readonly devices?: number;
  /** What the driver tells of the GPU that is used; of several, that with the least free memory. */
  readonly gpu?: Gpu;
  /** Why not a better one, in one line, where there is something to say. */
  readonly reason?: string;
}

/** Settings of TensorFlow before it is loaded; it reads its environment once. */
export interface LoadOptions {
  /** Whether XLA compiles what it can on a GPU: worth it for models whose tensors do not fit the caches. */
  readonly fuse?: boolean;
  /**
   * Whether an op has one core, and a graph's ops run side by side: for models whose ops are too small to be
   * shared among cores.
   */
  readonly serialOps?: boolean;
  /** Whether a GPU may take TF32 for float32 products. */
  readonly tf32?: boolean;
}

/** TensorFlow saw no GPU although nothing stood in its way. */
const UNEXPLAINED: Problem = {
  found: 'TensorFlow takes none',
  remedy: `\`TF_CPP_MIN_LOG_LEVEL=0 ${KD} doctor\` shows what it says about it`,
};

/**
 * Loads a backend and makes it tfjs's current one. A user's own environment variables win.
 *
 * @throws InputError when `tensorflow` or a GPU is asked for and is not available: with what stands in the way
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
  Object.assign(process.env, tensorflowEnvironment(machine.env, machine.setup(), { gpu, fuse, serialOps, tf32 }));
  const info = await loadNative(choice);
  if (info.backend === 'cpu') return info;
  const found = gpus === undefined || gpus === 'none' ? [] : gpus;
  const left = problem ?? (found.length > 0 && info.device === 'cpu' ? UNEXPLAINED : undefined);
  if (isGpuAsked && left !== undefined) throw noGpu(device, left);
  if (left !== undefined)
    return { ...info, reason: `no GPU (${left.found}): computing on the processor; ${left.remedy}` };
  const count = found.length > 0 ? found.length : processorsOf(device);
  const told = found.flatMap((each) => each.gpu ?? []);
  return {
    ...info,
    ...(count === 1 ? {} : { devices: count }),
    ...(told.length === 0
      ? {}
      : { gpu: told.reduce((least, each) => (each.freeBytes < least.freeBytes ? each : least)) }),
  };
}

/**
 * Checks that there is the GPU that is asked for, if one is, or so many devices, without loading anything.
 *
 * @throws InputError as `loadBackend`
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
  checkProcessors(device);
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

/** Which GPUs to use, and what stands in the way of one that is there or asked for. */
async function decideGpus(machine: Machine, device: DevicesChoice): Promise<DecidedGpus> {
  if (device.startsWith('cpu')) return { gpus: 'none' };
  const nvidia = await lookForGpus(machine);
  if (nvidia.state === 'absent' && device === 'auto') return {};
  const problem = await gpuProblem(machine, nvidia, device);
  if (problem !== undefined) return { gpus: 'none', problem };
  return { gpus: chooseGpus(nvidia, device, machine.env) as ChosenGpu[] }; // else there would be a problem
}

function noGpu(device: DevicesChoice, { found, remedy }: Problem): InputError {
  return new InputError(
    `--device ${device}: expected a working GPU, but ${found}; ${remedy} (\`${KD} doctor\` looks at all of it)`,
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

/** Why TensorFlow is not there, what that costs and what to do: what set-up knows of it, else what loading said. */
function absenceReason(error: unknown): string {
  const setup = readSetupStatus();
  const why = setup?.reason ?? messageOf(error).slice(0, MESSAGE_LENGTH);
  return (
    `no TensorFlow (${why}): computing in JavaScript, tens of times slower; ` +
    (setup?.remedy ?? `run ${setupCommand()}`)
  );
}

/** Loads the native package; it registers itself as tfjs's backend `tensorflow`. */
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
 * What must be in place before the package is loaded: TensorFlow reads its environment once, and the package
 * calls two functions of Node's `util` that Node 23 removed.
 */
function prepareProcess(): void {
  process.env.TF_CPP_MIN_LOG_LEVEL ??= SILENT;
  // else on only where there is AVX-512 VNNI: a third slower, and half of that page faults
  process.env.TF_ENABLE_ONEDNN_OPTS ??= '1';
  // the module object itself, not a frozen namespace
  const legacy = createRequire(import.meta.url)('node:util') as Record<string, unknown>;
  legacy.isNullOrUndefined = (value: unknown): boolean => value == null;
  legacy.isArray = Array.isArray;
}

async function loadJavaScript(reason: string | undefined): Promise<BackendInfo> {
  tf.enableProdMode(); // no banner that recommends the native package, no check of every value
  await import('@tensorflow/tfjs'); // the backend, and the gradients that tfjs-core alone does not register
  registerCpuKernels();
  await tf.setBackend('cpu');
  return { backend: 'cpu', device: 'cpu', ...(reason === undefined ? {} : { reason }) };
}
