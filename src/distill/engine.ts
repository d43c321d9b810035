import type { Batch } from '../data/batches.js';
import type { OptimizerName } from './adamw.js';
import type { DropoutPadding } from '../models/dropout.js';
import type { Evaluation } from './evaluation.js';
import type { Losses } from './loss.js';

/** The outcome of an optimiser step. */
export interface StepResult extends Losses {
  /** The norm of the gradients, before clipping. */
  readonly gradNorm: number;
  /** Whether the student was changed; false if a loss or the norm was not finite. */
  readonly applied: boolean;
}

/** Engine settings that stay the same during a run. */
export interface EngineOptions {
  readonly optimizer: OptimizerName;
  readonly weightDecay: number;
  /** Gradients are scaled down to this norm; absent: never. */
  readonly maxGradNorm?: number | undefined;
  /** Pairs per micro-batch; smaller ones are padded with rows of weight 0. */
  readonly batchSize: number;
  /** Micro-batches per step. */
  readonly accumulate: number;
  /** Overrides the student's own dropout rates. */
  readonly dropout?: number | undefined;
  /** How dropout treats padding; by default `each`. */
  readonly padding?: DropoutPadding | undefined;
  readonly seed: number;
  /** Default: float32; bfloat16 products need a recorded graph. */
  readonly precision?: Precision | undefined;
  /**
   * Whether the engine computes the teacher's outputs (the default), or gets them with every batch and does not load
   * the teacher.
   */
  readonly targets?: 'computed' | 'given' | undefined;
  /** Whether elementwise ops of a recorded graph are fused into compiled loops. */
  readonly fused?: boolean | undefined;
  /** Whether XLA compiles the whole recorded step, including matrix products; `fused` then has no effect. */
  readonly jitCompile?: boolean | undefined;
  /**
   * The number of parallel parts in which a recorded graph computes the teacher, for models whose ops are too small for
   * several cores. Default: 1.
   */
  readonly teacherParts?: number | undefined;
  /**
   * Lengths to which the student's texts may be cut if their padding is computed once, ascending. Default: those for
   * training on a CPU.
   */
  readonly textLengths?: readonly number[] | undefined;
  /**
   * The devices that share a step's micro-batches, by TensorFlow's names (`/device:CPU:1`): micro-batch i goes to
   * device i mod their number. With fewer than two, one device takes all, and TensorFlow chooses it.
   */
  readonly devices?: readonly string[] | undefined;
  /** Set if several processes, each with such devices, share a step. */
  readonly group?: ProcessGroup | undefined;
}

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

/** The precision of matrix products; master weights, statistics, loss and optimiser are always float32. */
export const PRECISIONS = ['fp32', 'bf16'] as const;
export type Precision = (typeof PRECISIONS)[number];

/** A parameter read from an engine. */
export interface NamedValues {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** A model's parameters or an optimiser's moments, passed to an engine one at a time. */
export type ParameterValues = AsyncIterable<readonly [name: string, values: Float32Array]>;

/** An optimiser's progress. */
export interface Counters {
  /** Steps taken. */
  readonly steps: number;
  /** Steps that changed the student. */
  readonly updates: number;
}

/** An engine's initial state. */
export interface InitialEngineState {
  /** Absent if targets are given. */
  readonly teacher?: ParameterValues | undefined;
  readonly student: ParameterValues;
  /**
   * The optimiser state of a resumed run, moments keyed by `momentName`; absent for a new run. Processes other than
   * rank 0 give no moments: they get rank 0's student and moments.
   */
  readonly optimizer?: (Counters & { readonly moments?: ParameterValues }) | undefined;
}

/**
 * The distillation engine: holds teacher, student and optimiser state, and updates the student step by step. The
 * training loop only knows this interface, not TensorFlow.
 */
export interface Engine {
  /**
   * Takes one optimiser step over the micro-batches, each weighted by its number of pairs. If a loss or gradient is not
   * finite, only the step is counted: the student and the optimiser's moments are unchanged.
   */
  step(microBatches: readonly Batch[], learningRate: number): Promise<StepResult>;
  /** How many batches it can evaluate at once, each on a device of its own. */
  readonly batchesAtOnce: number;
  /** Evaluates up to `batchesAtOnce` batches, without dropout and without changing anything. */
  evaluate(batches: readonly Batch[]): Promise<Evaluation[]>;
  /** The teacher's outputs for a batch, `[B, L, D]` or `[B, D]`, row-major. Not available if targets are given. */
  teacherOutputs(batch: Batch): Promise<Float32Array>;
  /** The student's current parameters, one at a time. */
  studentParameters(): AsyncIterable<NamedValues>;
  /** The optimiser's current moments, keyed by `momentName`, one at a time. */
  moments(): AsyncIterable<NamedValues>;
  counters(): Counters;
  /** Frees everything that the engine holds. */
  dispose(): void;
}
