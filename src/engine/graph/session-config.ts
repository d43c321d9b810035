/** @file The configuration of a session: TensorFlow's `ConfigProto` (tensorflow/core/protobuf/config.proto). */
import { bytes, integer } from '../../base/protobuf.js';

/**
 * The size of the chunks in which values travel between processes, in bytes. With TensorFlow's default of 4 kB, two
 * ranks with a core each took a fifth longer to sum 272 MB; with a single chunk, for which memory is mapped anew each
 * time, more than twice as long.
 */
const MESSAGE_PIECE = 2 ** 15;

/** `RewriterConfig.NumIterationsType.ONE`, of `meta_optimizer_iterations`. */
const ONE_ITERATION = 1;

/** Settings of a session; TensorFlow chooses those that are absent. */
export interface SessionConfig {
  /** Threads within one op, and ops that run in parallel. */
  readonly threads?: { readonly inOp?: number; readonly ofOps?: number } | undefined;
  /** The number of virtual CPU devices, named `/device:CPU:0` and so on. */
  readonly cpuDevices?: number | undefined;
  /** Whether GPU memory is allocated as needed instead of all at once. */
  readonly growsGpuMemory?: boolean | undefined;
  /** Whether an op that its device cannot run may run on another. */
  readonly placesSoftly?: boolean | undefined;
  /**
   * Whether the graph is pruned to what the fetches need before it is placed and optimised, in one iteration. Otherwise
   * the whole graph is placed first, then optimised for each new set of fetches, in two iterations. Only for sessions
   * whose ops all run on the same kind of device.
   */
  readonly prunesFirst?: boolean | undefined;
  /** With several processes: the tasks whose devices the session sees, and the leader of collective groups. */
  readonly tasks?: { readonly seen: readonly string[]; readonly leader: string } | undefined;
}

/** The encoded message; empty for the defaults. */
export function encodeConfig({
  threads,
  cpuDevices,
  growsGpuMemory,
  placesSoftly,
  prunesFirst = false,
  tasks,
}: SessionConfig): Buffer {
  const nothing = Buffer.alloc(0);
  return Buffer.concat([
    cpuDevices === undefined ? nothing : bytes(1, [bytes(1, 'CPU'), integer(2, cpuDevices)]), // device_count
    threads?.inOp === undefined ? nothing : integer(2, threads.inOp), // intra_op_parallelism_threads
    ...(tasks?.seen ?? []).map((task) => bytes(4, task)), // device_filters
    threads?.ofOps === undefined ? nothing : integer(5, threads.ofOps), // inter_op_parallelism_threads
    growsGpuMemory === undefined ? nothing : bytes(6, integer(4, growsGpuMemory)), // gpu_options.allow_growth
    placesSoftly === undefined ? nothing : integer(7, placesSoftly), // allow_soft_placement
    prunesFirst ? bytes(10, [integer(6, true), bytes(10, integer(12, ONE_ITERATION))]) : nothing, // graph_options
    tasks === undefined ? nothing : bytes(16, experimental(tasks.leader)),
  ]);
}

/** `ConfigProto.Experimental`, with several processes */
function experimental(leader: string): Buffer {
  return Buffer.concat([bytes(1, leader), integer(4, MESSAGE_PIECE)]); // collective_group_leader, recv_buf_max_chunk
}
