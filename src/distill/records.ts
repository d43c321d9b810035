/** @file The records of a run's steps and validations. */
import type { OutputStatistics } from './evaluation.js';
import type { Losses } from './losses.js';

/** One optimiser step, counted from 1 over the whole run. */
export interface StepRecord extends Losses {
  readonly step: number;
  /** Counted from 1. */
  readonly epoch: number;
  readonly learningRate: number;
  /** `lossEn + lossKo` */
  readonly loss: number;
  /** The norm of the gradients, before clipping. */
  readonly gradNorm: number;
  /** The number of pairs in this step. */
  readonly pairs: number;
}

/** The losses on a run's validation pairs after a step; step 0 is the untrained student. */
export interface ValidationRecord extends Losses {
  readonly step: number;
  /** Counted from 1; 0 for the untrained student. */
  readonly epoch: number;
  /** `lossEn + lossKo` */
  readonly loss: number;
  /** The number of pairs: all held-out pairs, or a sample. Absent in records of earlier versions. */
  readonly pairs?: number | undefined;
}

/** Output statistics of student and teacher for one batch, after a step. */
export interface OutputsRecord {
  readonly step: number;
  readonly epoch: number;
  readonly student: OutputStatistics;
  readonly teacher: OutputStatistics;
}

/** Losses to compare others with. */
export interface Baselines {
  /** The loss of the student before training. */
  readonly untrained: number;
  /** The loss of always predicting the mean of the teacher's outputs, whatever the sentence. */
  readonly mean: number;
  /** The number of pairs. */
  readonly pairs: number;
}
