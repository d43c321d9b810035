import type { Batch } from '../data/batches.js';
import type { OptimizerName } from './adamw.js';

/** What a step or an evaluation says of a batch. */
export interface Losses {
  /** Mean squared error of the English sentences. */
  readonly lossEn: number;
  /** Mean squared error of the Korean ones. */
  readonly lossKo: number;
}

export interface StepResult extends Losses {
  /** The norm of the gradients, before clipping. */
  readonly gradNorm: number;
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
  readonly seed: number;
  /** float32 unless given; bfloat16 products need a recorded graph. */
  readonly precision?: Precision | undefined;
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

/**
 * Runs the distillation: holds teacher, student and the optimiser's state, and changes the student step by step.
 * The loop knows this interface and nothing of TensorFlow.
 */
export interface Engine {
  /** One optimiser step over the micro-batches of one batch; each counts by its number of pairs. */
  step(microBatches: readonly Batch[], learningRate: number): Promise<StepResult>;
  /** The losses of a batch, without dropout and without changing anything. */
  evaluate(batch: Batch): Promise<Losses>;
  /** The student's parameters as they are now, one at a time. */
  studentParameters(): AsyncIterable<NamedValues>;
  /** Frees all that the engine holds. */
  dispose(): void;
}
