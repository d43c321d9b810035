/**
 * @file What a session is told when it is opened: TensorFlow's `ConfigProto` (tensorflow/core/protobuf/config.proto).
 */
import { bytes, integer } from '../../base/protobuf.js';

/** Settings of a session; TensorFlow decides what is left out. */
export interface SessionConfig {
  /** Threads that one op may take, and ops that may run beside each other. */
  readonly threads?: { readonly inOp?: number; readonly ofOps?: number } | undefined;
  /** Devices that the processor counts as, named `/device:CPU:0` and on. */
  readonly processors?: number | undefined;
  /** Whether a GPU's memory is taken as it is needed, and not all at once. */
  readonly growsGpuMemory?: boolean | undefined;
}

/** The message; empty where nothing is said. */
export function encodeConfig({ threads, processors, growsGpuMemory }: SessionConfig): Buffer {
  const nothing = Buffer.alloc(0);
  return Buffer.concat([
    processors === undefined ? nothing : bytes(1, [bytes(1, 'CPU'), integer(2, processors)]), // device_count
    threads?.inOp === undefined ? nothing : integer(2, threads.inOp), // intra_op_parallelism_threads
    threads?.ofOps === undefined ? nothing : integer(5, threads.ofOps), // inter_op_parallelism_threads
    growsGpuMemory === undefined ? nothing : bytes(6, integer(4, growsGpuMemory)), // gpu_options.allow_growth
  ]);
}
