/** @file The settings of an engine, which stay the same during a run. */
import type { OptimizerName } from '../distill/choices.js';
import type { DropoutPadding } from '../models/dropout-padding.js';
import type { Precision } from './precision-choice.js';

/** What the optimiser does. */
export interface OptimizerOptions {
  readonly optimizer: OptimizerName;
  readonly weightDecay: number;
  /** Gradients are scaled down to this norm; absent: never. */
  readonly maxGradNorm?: number | undefined;
}

/** What a step computes, however it is computed. */
export interface StepOptions extends OptimizerOptions {
  /** Pairs per micro-batch; smaller ones are padded with rows of weight 0. */
  readonly batchSize: number;
  /** Micro-batches per step. */
  readonly accumulate: number;
  /** Overrides the student's own dropout rates. */
  readonly dropout?: number | undefined;
  /** How dropout treats padding; by default `each`. */
  readonly padding?: DropoutPadding | undefined;
  readonly seed: number;
  /**
   * Whether the engine computes the teacher's outputs (the default), or gets them with every batch and does not load
   * the teacher.
   */
  readonly targets?: 'computed' | 'given' | undefined;
}

/** How a step is computed; all but the lengths of texts need a recorded graph. */
export interface GraphOptions {
  /** Default: float32. */
  readonly precision?: Precision | undefined;
  /** Whether elementwise ops are fused into row loops, and an update into one op. CPUs only. */
  readonly fused?: boolean | undefined;
  /** Whether XLA compiles the whole step, including matrix products; `fused` then has no effect. */
  readonly jitCompile?: boolean | undefined;
  /**
   * The number of parallel parts in which the teacher is computed, for models whose ops are too small for several
   * cores. Default: 1.
   */
  readonly teacherParts?: number | undefined;
  /**
   * Lengths to which the student's texts may be cut if their padding is computed once, ascending; the full length need
   * not be among them. Default: those for training on a CPU.
   */
  readonly textLengths?: readonly number[] | undefined;
  /**
   * Numbers of rows that the student's texts may be packed into if their padding is computed once, without dropout; as
   * shares of the number of texts, ascending. Texts are then not cut. Only in a recorded graph. Default: none.
   */
  readonly packedShares?: readonly number[] | undefined;
}

/** The devices that share a step's micro-batches. */
export interface DeviceOptions {
  /**
   * This process's devices, by TensorFlow's names (`/device:CPU:1`): micro-batch i goes to device i mod their number.
   * With fewer than two, one device takes all, and TensorFlow chooses it.
   */
  readonly devices?: readonly string[] | undefined;
  /** Set if several processes, each with such devices, share a step. */
  readonly group?: ProcessGroup | undefined;
}

/** All settings of an engine. */
export interface EngineOptions extends StepOptions, GraphOptions, DeviceOptions {}

/**
 * This process among those that share a run's steps. All of them must call the engine's functions in the same order.
 */
export interface ProcessGroup {
  readonly rank: number;
  /** The number of devices of all processes, and of those before this one. */
  readonly devices: number;
  readonly deviceOffset: number;
  /** The target of TensorFlow's server in this process. */
  readonly target: string;
  /** Seconds until a message between devices times out. */
  readonly timeout: number;
  /** All processes' texts in rank order, once all have given theirs. */
  readonly gather: (topic: string, text: string) => Promise<readonly string[]>;
}
