/** @file tfjs's native backend. */
import { createRequire } from 'node:module';
import tf from '../base/tfjs.cjs';
import { withMutedStderr } from './muted.js';

/** TensorFlow's log level for errors only; a user can set a lower one to see everything. */
const SILENT = '2';
/** The level for fatal errors only, so that the loss of a rank is reported once. */
export const SILENT_IN_CLUSTER = '3';

/** The parts of tfjs-node's native backend used here; its own types do not export them. */
export interface NodeBackend {
  readonly isUsingGpuDevice: boolean;
  readonly binding: {
    readonly TF_Version: string;
    readonly TF_ATTR_TYPE: number;
    readonly TF_FLOAT: number;
    readonly TF_INT32: number;
  };
  executeSingleOutput(
    op: string,
    attributes: { name: string; type: number; value: unknown }[],
    inputs: tf.TensorInfo[],
  ): tf.Tensor;
}

/** Whether TensorFlow already uses a GPU in this process, as after training. */
export function isOnGpu(): boolean {
  return (tf.findBackend('tensorflow') as unknown as NodeBackend | null)?.isUsingGpuDevice === true;
}

/** Loads the native package, which registers itself as tfjs's backend `tensorflow`. */
export function requireNative(): NodeBackend {
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
