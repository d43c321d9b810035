/**
 * @file Loads TensorFlow: the native backend where the set-up has put it together, else tfjs's
 * pure-JavaScript one. Everything else imports `@tensorflow/tfjs-core` and computes on whichever was chosen.
 */
import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs-core';
import { InputError, messageOf } from '../errors.js';
import { registerCpuKernels } from './cpu-kernels.js';
import { hasNvidiaDriver } from './hardware.js';
import { withMutedStderr } from './muted.js';
import { readSetupStatus } from './setup-status.js';
import { registerTensorflowKernels } from './tensorflow-kernels.js';


/** TensorFlow's log level for errors only; a user who sets a lower one sees everything. */
const SILENT = '2';

/** Loaders of native code say much; its beginning names the cause. */
const MESSAGE_LENGTH = 160;

/** Where ops run: TensorFlow's kernels, or tfjs's own in JavaScript. */
export const BACKENDS = ['auto', 'tensorflow', 'cpu'] as const;
export type BackendChoice = (typeof BACKENDS)[number];

/** Which processor TensorFlow may use. */
export const DEVICES = ['auto', 'gpu', 'cpu'] as const;
export type DeviceChoice = (typeof DEVICES)[number];

export interface BackendInfo {
  readonly backend: 'tensorflow' | 'cpu';
  /** libtensorflow's version; absent on the pure-JavaScript backend. */
  readonly version?: string;
  readonly device: 'gpu' | 'cpu';
  /** Why not a better one, in one line, where there is something to say. */
  readonly reason?: string;
}

/** The parts of tfjs-node's native backend used here; its own types do not export them. */
export interface NodeBackend {
  readonly isUsingGpuDevice: boolean;
  readonly binding: { readonly TF_Version: string; readonly TF_ATTR_TYPE: number; readonly TF_FLOAT: number; readonly TF_INT32: number };
  loadSavedModelMetaGraph(path: string, tags: string): number;
  runSavedModel(id: number, inputs: readonly tf.Tensor[], infos: readonly { name: string }[], outputs: readonly string[]): tf.Tensor[];
  deleteSavedModel(id: number): void;
  executeSingleOutput(op: string, attributes: { name: string; type: number; value: unknown }[], inputs: tf.TensorInfo[]): tf.Tensor;
}

/** What TensorFlow is told before it is loaded; it reads its environment once. */
export interface LoadOptions {
  /** Whether XLA fuses elementwise ops into loops: worth its compilation for models whose tensors do not fit the caches. */
  readonly fuse?: boolean;
}

/** XLA for elementwise ops alone: on a processor its products are slower than oneDNN's. Two ops are worth a loop. */
const FUSE_ON_CPU = '--tf_xla_auto_jit=2 --tf_xla_cpu_global_jit --tf_xla_ops_to_cluster=FUSIBLE --tf_xla_min_cluster_size=2';
/** XLA for all that it can compile. */
const FUSE_ON_GPU = '--tf_xla_auto_jit=2';

/**
 * Loads a backend and makes it tfjs's current one. A user's own `TF_XLA_FLAGS` win.
 *
 * @throws InputError when `tensorflow` or `gpu` is asked for and cannot be had
 */
export async function loadBackend(choice: BackendChoice = 'auto', device: DeviceChoice = 'auto', { fuse = false }: LoadOptions = {}): Promise<BackendInfo> {
  if (fuse) process.env.TF_XLA_FLAGS ??= device !== 'cpu' && hasNvidiaDriver() ? FUSE_ON_GPU : FUSE_ON_CPU;
  const info = choice === 'cpu' ? await loadJavaScript(undefined) : await loadNative(choice);
  if (device === 'gpu' && info.device !== 'gpu') {
    throw new InputError('--device gpu: expected a working GPU, but TensorFlow sees none; `kd doctor` says why');
  }
  return info;
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
  return `no TensorFlow (${why}): computing in JavaScript, tens of times slower; ${setup?.remedy ?? 'run `npm run setup`'}`;
}

/** Loads the native package; it registers itself as tfjs's backend `tensorflow`. */
function requireNative(): NodeBackend {
  prepareProcess();
  const load = (): NodeBackend => {
    createRequire(import.meta.url)('@tensorflow/tfjs-node-gpu');
    return tf.findBackend('tensorflow') as unknown as NodeBackend;
  };
  return process.env.TF_CPP_MIN_LOG_LEVEL === SILENT ? withMutedStderr(load) : load();
}

/**
 * What must be in place before the package is loaded: TensorFlow reads its environment once, and the package
 * calls two functions of Node's `util` that Node 23 removed.
 */
function prepareProcess(): void {
  process.env.TF_CPP_MIN_LOG_LEVEL ??= SILENT;
  process.env.TF_FORCE_GPU_ALLOW_GROWTH ??= 'true';
  process.env.TF_ENABLE_ONEDNN_OPTS ??= '1'; // else on only where there is AVX-512 VNNI: a third slower, and half of that page faults
  const legacy = createRequire(import.meta.url)('node:util') as Record<string, unknown>; // the module object itself, not a frozen namespace
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
