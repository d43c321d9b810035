/** @file A recorded step: the nodes that are fed, and those that are fetched. */
import type { GraphNode } from './graph.js';
import type { NodeRange } from './recompute.js';
import type { UpdateInputs } from './update.js';

/** The feeds of a step. */
export interface GraphInputs extends UpdateInputs {
  /** `[B, L]` int32 */
  readonly teacherIds: GraphNode;
  /** `[B]` */
  readonly weights: GraphNode;
  /** The teacher's outputs, `[B, L, D]` or `[B, D]`, if they are given; the teacher's ids are not read then. */
  readonly target: GraphNode | undefined;
  /** The number of the micro-batch in the run, for dropout. `[]` int32 */
  readonly position: GraphNode;
  /** The number of the micro-batch in its step. `[]` int32; where several devices share out a step. */
  readonly place: GraphNode | undefined;
}

/** Step and evaluation of a batch whose student texts have one length. */
export interface Pass {
  /** `[B, length]` int32, as the Korean ones. */
  readonly studentIdsEn: GraphNode;
  readonly studentIdsKo: GraphNode;
  /** An `evaluationTensor` that changes nothing. */
  readonly evaluated: GraphNode;
  /** Absent for lengths that training does not use. */
  readonly step: StepPass | undefined;
}

/** A step over batches of one length, as far as it is recorded for that length. */
export interface StepPass {
  /** Losses of a micro-batch whose gradients are only accumulated: `[lossEn, lossKo]`. Absent without accumulation. */
  readonly accumulated: GraphNode | undefined;
  /**
   * Losses of the (last) micro-batch of a step, and the norm: `[lossEn, lossKo, gradNorm]`. Updates student and moments
   * if all three are finite. Absent for several devices.
   */
  readonly stepped: GraphNode | undefined;
}

/** The nodes of a recorded step. */
export interface RecordedStep {
  /** To fetch once at the start: sets the optimiser's state to zero. */
  readonly initialised: GraphNode;
  /** Clears the accumulated gradients. Absent without accumulation. */
  readonly cleared: GraphNode | undefined;
  /**
   * Where several devices share out a step: the losses of all its micro-batches in order, those that a short step lacks
   * being 0, and the norm. Changes student and moments by what all devices have accumulated, if all are finite.
   */
  readonly updated: GraphNode | undefined;
  /** Where several processes share out a step: gives all of them the first one's student and moments. */
  readonly sent: GraphNode | undefined;
  /** The teacher's outputs, float32. Absent if they are given. */
  readonly taught: GraphNode | undefined;
  /** By the length of the student's texts, as in `textLengths`. */
  readonly passes: ReadonlyMap<number, Pass>;
  /** The ranges of the backward passes among the recorded nodes. */
  readonly backward: readonly NodeRange[];
}
