/** @file A recorded step: the nodes that are fed, and those that are fetched. */
import type { TextLayout } from '../text-layouts.js';
import type { PackingArrays } from '../text-packing.js';
import type { GraphNode } from './graph.js';
import type { NodeRange } from './recompute.js';
import type { UpdateInputs } from './update.js';

/** The feeds of a step. */
export interface GraphInputs extends UpdateInputs {
  /** `[B, L]` int32 */
  readonly teacherIds: GraphNode;
  /** `[B]` */
  readonly weights: GraphNode;
  /** The teacher's outputs, `[B, L, D]` or `[B, D]`, if they are given; then `teacherIds` is not read. */
  readonly target: GraphNode | undefined;
  /** The index of the micro-batch in the run, for dropout. `[]` int32 */
  readonly position: GraphNode;
  /** The index of the micro-batch in its step. `[]` int32; only if several devices share a step. */
  readonly place: GraphNode | undefined;
}

/** The feeds of the student's texts, in one layout. */
export interface TextInputs {
  /** `[R, L]` int32 */
  readonly ids: GraphNode;
  /** Absent if each text has a row. */
  readonly packing: Readonly<Record<keyof PackingArrays, GraphNode>> | undefined;
}

/** Step and evaluation for one layout of the student's texts. */
export interface Pass {
  readonly layout: TextLayout;
  readonly texts: TextInputs;
  /** An `evaluationTensor`; fetching it changes no variable. */
  readonly evaluated: GraphNode;
  /** Absent for layouts that training does not use. */
  readonly step: StepPass | undefined;
}

/** The part of a step that is recorded for one layout. */
export interface StepPass {
  /** Losses of a micro-batch whose gradients are only accumulated: `[lossEn, lossKo]`. Absent without accumulation. */
  readonly accumulated: GraphNode | undefined;
  /**
   * Losses of the (last) micro-batch of a step, and the norm: `[lossEn, lossKo, gradNorm]`. Updates student and moments
   * if all three are finite. Absent if several devices share a step.
   */
  readonly stepped: GraphNode | undefined;
}

/** The nodes of a recorded step. */
export interface RecordedStep {
  /** Fetched once at the start: sets the optimiser's state to zero. */
  readonly initialised: GraphNode;
  /** Clears the accumulated gradients. Absent without accumulation. */
  readonly cleared: GraphNode | undefined;
  /**
   * The losses of all micro-batches in order, 0 for those that a short step lacks, then the norm. Updates student and
   * moments with what all devices have accumulated, if all these values are finite. Only if several devices share a
   * step.
   */
  readonly updated: GraphNode | undefined;
  /** Copies the first process's student and moments to all. Only if several processes share a step. */
  readonly broadcast: GraphNode | undefined;
  /** The teacher's outputs, float32. Absent if they are given. */
  readonly teacherOutputs: GraphNode | undefined;
  /** One for each layout of the student's texts. */
  readonly passes: readonly Pass[];
  /** The ranges of the backward passes among the recorded nodes. */
  readonly backward: readonly NodeRange[];
}
