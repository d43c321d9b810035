import type { Batch } from '../data/batches.js';
import type { OptimizerName } from './adamw.js';
import type { DropoutPadding } from '../models/dropout.js';
import type { Evaluation } from './evaluation.js';
import type { Losses } from './loss.js';

/** The outcome of an optimiser step. */
export interface StepResult extends Losses {
  /** The norm of the gradients, before clipping. */
  readonly gradNorm: number;
  /** Whether the student was changed: not by a step in which a loss or the norm is not a finite number. */
  readonly applied: boolean;
}

/** Settings of the optimiser that stay the same over a run. */
export interface EngineOptions {
  readonly optimizer: OptimizerName;
  readonly weightDecay: number;
  /** Gradients are scaled down to this norm; absent: never. */
  readonly maxGradNorm?: number | undefined;
  /** Pairs a micro-batch; smaller ones are filled up with rows that do not count. */
  readonly batchSize: number;
  /** Micro-batches a step. */
  readonly accumulate: number;
  /** Overrides the student's own dropout rates. */
  readonly dropout?: number | undefined;
  /** What dropout does to padding; `each` unless given. */
  readonly padding?: DropoutPadding | undefined;
  readonly seed: number;
  /** float32 unless given; bfloat16 products need a recorded graph. */
  readonly precision?: Precision | undefined;
  /**
   * Whether the teacher's outputs are computed (unless given otherwise), or come with every batch: then it is not
   * loaded.
   */
  readonly targets?: 'computed' | 'given' | undefined;
  /** Whether elementwise ops of a recorded graph are compiled into loops. */
  readonly fused?: boolean | undefined;
  /** Whether XLA compiles a recorded step as a whole, products included; then `fused` has no meaning. */
  readonly jitCompile?: boolean | undefined;
  /**
   * Parts that a recorded graph computes the teacher in, side by side: for models whose ops are too small for
   * several cores. 1 unless given.
   */
  readonly teacherParts?: number | undefined;
  /**
   * Lengths to which the student's texts may be cut where their padding is computed once, ascending; those of training
   * on a processor unless given.
   */
  readonly textLengths?: readonly number[] | undefined;
  /**
   * The devices that share out a step's micro-batches, as TensorFlow names them (`/device:CPU:1`): the i-th goes to
   * the device i mod their number. Fewer than two: one takes all, and TensorFlow chooses it.
   */
  readonly devices?: readonly string[] | undefined;
  /** Where several processes share out a step, each with such devices. */
  readonly group?: ProcessGroup | undefined;
}

/** This process among those that share out a run's steps; all of them call an engine's functions in the same order. */
export interface ProcessGroup {
  readonly rank: number;
  /** How many devices all processes have, and how many those before this one. */
  readonly devices: number;
  readonly before: number;
  /** The target of TensorFlow's server in this process. */
  readonly target: string;
  /** Seconds that a message between devices may take. */
  readonly timeout: number;
  /** Every process's text, in the order of their ranks, once all have given theirs. */
  readonly gather: (topic: string, text: string) => Promise<readonly string[]>;
}

/** In what products are computed; master weights, statistics, loss and optimiser are float32 in both. */
export const PRECISIONS = ['fp32', 'bf16'] as const;
export type Precision = (typeof PRECISIONS)[number];

/** A parameter as it leaves an engine. */
export interface NamedValues {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** A model's parameters, or an optimiser's moments, on their way to an engine, one at a time. */
export type ParameterValues = AsyncIterable<readonly [name: string, values: Float32Array]>;

/** How far an optimiser is. */
export interface Counters {
  /** Steps taken. */
  readonly steps: number;
  /** Steps that changed the student. */
  readonly updates: number;
}

/** What an engine begins with. */
export interface EngineStart {
  /** Left out where targets are given. */
  readonly teacher?: ParameterValues | undefined;
  readonly student: ParameterValues;
  /**
   * The optimiser state of a resumed run, moments by `momentName`; absent for a new one. In a process that is
   * not the first of several, the first one's student and moments are taken, and none are given.
   */
  readonly optimizer?: (Counters & { readonly moments?: ParameterValues }) | undefined;
}

/**
 * Runs the distillation: holds teacher, student and the optimiser's state, and changes the student step by step.
 * The loop knows this interface and nothing of TensorFlow.
 */
export interface Engine {
  /**
   * One optimiser step over the micro-batches of one batch; each counts by its number of pairs. Where a loss or a
   * gradient is not finite, it changes neither the student nor the optimiser's moments, and only counts as a step.
   */
  step(microBatches: readonly Batch[], learningRate: number): Promise<StepResult>;
  /** Batches that it can evaluate at once, each on a device of its own. */
  readonly batchesAtOnce: number;
  /** Losses and outputs of each of up to `batchesAtOnce` batches, without dropout and without changing anything. */
  evaluate(batches: readonly Batch[]): Promise<Evaluation[]>;
  /** The teacher's outputs for a batch, `[B, L, D]` or `[B, D]`, row-major. Not where targets are given. */
  teach(batch: Batch): Promise<Float32Array>;
  /** The student's parameters as they are now, one at a time. */
  studentParameters(): AsyncIterable<NamedValues>;
  /** The optimiser's moments as they are now, by `momentName`, one at a time. */
  moments(): AsyncIterable<NamedValues>;
  counters(): Counters;
  /** Frees all that the engine holds. */
  dispose(): void;
}
