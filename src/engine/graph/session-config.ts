/** @file The configuration of a session: TensorFlow's `ConfigProto` (tensorflow/core/protobuf/config.proto). */
import { bytes, integer } from '../../base/protobuf.js';

/**
 * Bytes of the pieces in which values travel between processes. With TensorFlow's own 4 kB two ranks with a core each
 * took a fifth longer to sum 272 MB, and in one piece, for which memory is mapped anew each time, more than twice as
 * long.
 */
const MESSAGE_PIECE = 2 ** 15;

/** `RewriterConfig.NumIterationsType.ONE`, of `meta_optimizer_iterations`. */
const ONE_ITERATION = 1;

/** Settings of a session; TensorFlow chooses those that are absent. */
export interface SessionConfig {
  /** Threads within one op, and ops that run in parallel. */
  readonly threads?: { readonly inOp?: number; readonly ofOps?: number } | undefined;
  /** The number of virtual CPU devices, named `/device:CPU:0` and so on. */
  readonly processors?: number | undefined;
  /** Whether GPU memory is allocated as it is needed, and not all at once. */
  readonly growsGpuMemory?: boolean | undefined;
  /** Whether an op that its device cannot run runs on another. */
  readonly placesSoftly?: boolean | undefined;
  /**
   * Whether a graph is pruned to what some fetches need before that is placed and optimised, once over. Else all of it
   * is placed first and handed to the optimiser for each new set of fetches, twice over. For sessions in which all ops
   * have the same kind of device.
   */
  readonly prunesFirst?: boolean | undefined;
  /** For a process among several: the tasks whose devices the session sees, and the one that forms groups. */
  readonly tasks?: { readonly seen: readonly string[]; readonly leader: string } | undefined;
}

/** The encoded message; empty for the defaults. */
export function encodeConfig({
  threads,
  processors,
  growsGpuMemory,
  placesSoftly,
  prunesFirst = false,
  tasks,
}: SessionConfig): Buffer {
  const nothing = Buffer.alloc(0);
  return Buffer.concat([
    processors === undefined ? nothing : bytes(1, [bytes(1, 'CPU'), integer(2, processors)]), // device_count
    threads?.inOp === undefined ? nothing : integer(2, threads.inOp), // intra_op_parallelism_threads
    ...(tasks?.seen ?? []).map((task) => bytes(4, task)), // device_filters
    threads?.ofOps === undefined ? nothing : integer(5, threads.ofOps), // inter_op_parallelism_threads
    growsGpuMemory === undefined ? nothing : bytes(6, integer(4, growsGpuMemory)), // gpu_options.allow_growth
    placesSoftly === undefined ? nothing : integer(7, placesSoftly), // allow_soft_placement
    prunesFirst ? bytes(10, [integer(6, true), bytes(10, integer(12, ONE_ITERATION))]) : nothing, // graph_options
    tasks === undefined ? nothing : bytes(16, experimental(tasks.leader)),
  ]);
}

/** `ConfigProto.Experimental` of a process among several */
function experimental(leader: string): Buffer {
  return Buffer.concat([bytes(1, leader), integer(4, MESSAGE_PIECE)]); // collective_group_leader, recv_buf_max_chunk
}
