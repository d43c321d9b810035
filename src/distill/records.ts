/** @file The records that a run gives of its steps and validations. */
import type { OutputStatistics } from './evaluation.js';
import type { Losses } from './loss.js';

/** One optimiser step, counted from 1 over the whole run. */
export interface StepRecord extends Losses {
  readonly step: number;
  readonly epoch: number;
  readonly learningRate: number;
  readonly loss: number;
  readonly gradNorm: number;
  /** Pairs in this step. */
  readonly pairs: number;
}

/** The losses over a run's validation pairs after a step; step 0 is the untrained student. */
export interface ValidationRecord extends Losses {
  readonly step: number;
  readonly epoch: number;
  readonly loss: number;
  /** Pairs they are over: all that are held out, or a sample. Absent in what an earlier version has saved. */
  readonly pairs?: number | undefined;
}

/** How the outputs of one batch's sentences differ, student beside teacher, after a step. */
export interface OutputsRecord {
  readonly step: number;
  readonly epoch: number;
  readonly student: OutputStatistics;
  readonly teacher: OutputStatistics;
}

/** Losses to measure others against. */
export interface Baselines {
  /** The loss of the student as it begins. */
  readonly untrained: number;
  /** The loss of always giving the mean of the teacher's outputs, whatever the sentence. */
  readonly mean: number;
  /** Pairs they are over. */
  readonly pairs: number;
}
