import type { Batch } from '../data/batches.js';
import type { Evaluation } from './evaluation.js';
import type { Losses } from './losses.js';

/** The outcome of an optimiser step. */
export interface StepResult extends Losses {
  /** The norm of the gradients, before clipping. */
  readonly gradNorm: number;
  /** Whether the student was changed; false if a loss or the norm was not finite. */
  readonly applied: boolean;
}

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
