/**
 * @file Step and evaluation, recorded: losses, gradients and update as nodes, once for each length of the student's
 * texts.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { EngineOptions } from '../../distill/engine.js';
import { evaluationTensor } from '../../distill/evaluation.js';
import { distillationTarget, type BatchTensors, type Distillation } from '../../distill/loss.js';
import { distillationGradients, globalNorm, type Gradients } from '../../distill/step.js';
import type { Params } from '../../models/text-encoder.js';
import { textLengths } from '../text-lengths.js';
import { AllReduce, type Ranks } from './all-reduce.js';
import type { Graph, GraphNode } from './graph.js';
import { recordedParams, type ModelVariables } from './model-variables.js';
import { packGradients, type Packs } from './packs.js';
import type { NodeRange } from './recompute.js';
import type { Recording } from './recorder.js';
import { areFinite, choose, recordUpdates, type UpdateInputs } from './update.js';
import {
  addToVariable,
  after,
  assignVariable,
  declareVariable,
  placeholder,
  readVariable,
  type Variable,
} from './variables.js';

/** Among a device's share of a step, its losses. */
const LOSSES = 'losses';

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
  /** Of the micro-batch in its step. `[]` int32; where several devices share out a step. */
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

interface StepPass {
  /** Losses of a micro-batch whose gradients are only accumulated: `[lossEn, lossKo]`. Absent without accumulation. */
  readonly accumulated: GraphNode | undefined;
  /**
   * Losses of the (last) micro-batch of a step, and the norm: `[lossEn, lossKo, gradNorm]`. Updates student and moments
   * if all three are finite. Absent for several devices.
   */
  readonly stepped: GraphNode | undefined;
}

/** A step's gradients, their norm, and what is fetched of the step. */
interface WholeStep {
  readonly gradients: Gradients;
  readonly norm: tf.Scalar;
  readonly seen: tf.Tensor;
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

/** What a step is recorded from. */
export interface StepParts {
  readonly distillation: Distillation;
  readonly options: EngineOptions;
  readonly inputs: GraphInputs;
  /** The variables of the state. */
  readonly variables: Readonly<Record<'teacher' | 'student' | 'moments', ModelVariables>>;
  readonly packs: Packs;
  /** L, tokens of a whole text. */
  readonly length: number;
  /** Absent where one device takes all steps. */
  readonly ranks: Ranks | undefined;
}

/** Records step and evaluation for every length of the student's texts. */
export function recordStep(
  recording: Recording,
  { distillation, options, inputs, variables, packs, length, ranks }: StepParts,
): RecordedStep {
  const { graph, tensor, value } = recording;
  const params = {
    teacher: recordedParams(recording, variables.teacher),
    student: recordedParams(recording, variables.student),
  };
  const given = { teacherIds: tensor<tf.Tensor2D>(inputs.teacherIds), weights: tensor<tf.Tensor1D>(inputs.weights) };
  const target =
    inputs.target === undefined
      ? targetInParts(distillation, params.teacher, given.teacherIds, options.teacherParts)
      : tensor(inputs.target);
  const taught = inputs.target === undefined ? after(graph, value(target), [], 'taught') : undefined;

  const choice = { rate: options.dropout, padding: options.padding };
  const dropout = { seed: options.seed, step: tensor<tf.Scalar>(inputs.position), ...choice };
  const backward: NodeRange[] = [];
  let sums: Record<string, Variable> | undefined;
  let messages = 0;
  const isStepped = new Set(textLengths(distillation.student, length, choice, options.textLengths).lengths);
  const { lengths } = textLengths(distillation.student, length, undefined, options.textLengths);
  const passes = new Map(lengths.map((each) => [each, recordPass(each, each === length ? '' : `/${each}`)]));
  const updated = ranks && recordUpdate(read(sums!), 'updated');
  const sent = ranks && options.group && recordSending(ranks);

  const done = graph.scalar(1, 'float32');
  const cleared = sums && after(graph, done, zeroSums([]), 'cleared');
  const initialised = after(
    graph,
    done,
    [...variables.moments.variables.map(({ variable }) => zeroVariable(graph, variable, [])), ...zeroSums([])],
    'initialised',
  );
  return { initialised, cleared, updated, sent, taught, passes, backward };

  function recordPass(textLength: number, suffix: string): Pass {
    const ids = (name: string): GraphNode =>
      placeholder(graph, `${name}${suffix}`, [options.batchSize, textLength], 'int32');
    const [studentIdsEn, studentIdsKo] = [ids('studentIdsEn'), ids('studentIdsKo')];
    const batch: BatchTensors = {
      ...given,
      studentIdsEn: tensor(studentIdsEn),
      studentIdsKo: tensor(studentIdsKo),
      target,
    };
    const evaluated = after(
      graph,
      value(evaluationTensor(distillation, params.student, batch, target)),
      [],
      `evaluated${suffix}`,
    );
    return {
      studentIdsEn,
      studentIdsKo,
      evaluated,
      step: isStepped.has(textLength) ? recordStepPass(batch, suffix) : undefined,
    };
  }

  function recordStepPass(batch: BatchTensors, suffix: string): StepPass {
    const { lossEn, lossKo, gradients: byParameter } = distillationGradients(distillation, params, batch, dropout);
    const start =
      1 + Math.max(...[lossEn, lossKo].map((loss) => graph.nodes.findIndex(({ name }) => name === value(loss).name)));
    const gradients = packGradients(byParameter, packs);
    const share = ranks === undefined ? gradients : withLosses(gradients, [lossEn, lossKo]);
    if (options.accumulate > 1 || ranks !== undefined) sums ??= declareSums(graph, share);
    const accumulated =
      sums &&
      after(
        graph,
        value(tf.stack([lossEn, lossKo])),
        Object.entries(sums).map(([name, sum]) => addToVariable(graph, sum, value(share[name]!))),
        `accumulated${suffix}`,
      );
    const whole = sums === undefined ? share : addUp(share, read(sums));
    const stepped = ranks === undefined ? recordUpdate(whole, `stepped${suffix}`, [lossEn, lossKo]) : undefined;
    backward.push([start, graph.nodes.length]);
    return { accumulated, stepped };
  }

  /**
   * Changes student and moments.
   *
   * @param share this device's share of a step's gradients, with the losses where several devices share out a step
   * @param losses of the last micro-batch, where one takes all
   */
  function recordUpdate(share: Gradients, name: string, losses: readonly tf.Scalar[] = []): GraphNode {
    const { gradients, norm, seen } = ranks === undefined ? alone(share, losses) : together(share, ranks);
    const result = value(seen);
    const applies = areFinite(graph, result);
    const changes = recordUpdates(recording, distillation, options, { inputs, variables, gradients, norm, applies });
    return after(graph, result, [...changes, ...zeroSums([value(norm).name])], name);
  }

  function alone(gradients: Gradients, losses: readonly tf.Scalar[]): WholeStep {
    const norm = globalNorm(gradients);
    return { gradients, norm, seen: tf.stack([...losses, norm]) };
  }

  /** Sums over all ranks; the norm is the first's, so that all decide alike. */
  function together(share: Gradients, ranks: Ranks): WholeStep {
    const allReduce = new AllReduce(graph, ranks);
    const own = Object.entries(share).map(([name, values]) => [name, value(values)] as const);
    const summed = allReduce.sum(Object.fromEntries(own.reverse())); // as the backward pass has them
    const whole: Gradients = Object.fromEntries(Object.keys(share).map((name) => [name, tensor(summed[name]!)]));
    const { [LOSSES]: losses, ...gradients } = whole;
    const norm = tensor<tf.Scalar>(allReduce.ofFirst(value(globalNorm(gradients))));
    messages = allReduce.taken;
    return { gradients, norm, seen: tf.concat([tf.reshape(losses!, [-1]), tf.reshape(norm, [1])], 0) };
  }

  /** Sets student and moments to those of the first rank. */
  function recordSending(ranks: Ranks): GraphNode {
    const allReduce = new AllReduce(graph, ranks, messages);
    const set = [...variables.student.variables, ...variables.moments.variables].map(({ variable, read }) =>
      assignVariable(graph, variable, allReduce.ofFirst(read)),
    );
    return after(graph, graph.scalar(1, 'float32'), set, 'sent');
  }

  /** A micro-batch's losses at its place among those of its step, so that sums over ranks leave them as they are. */
  function withLosses(gradients: Gradients, losses: tf.Scalar[]): Gradients {
    const count = options.accumulate;
    const places = tf.tensor2d(
      Int32Array.from({ length: count }, (_, place) => place),
      [count, 1],
    );
    const isElsewhere = tf.notEqual(places, tensor(inputs.place!)); // [A, 1]
    const row = tf.reshape(tf.stack(losses), [1, 2]);
    const placed = choose(graph, value(isElsewhere), graph.fill(0, [count, 2], 'float32'), value(row));
    return { [LOSSES]: tensor(placed), ...gradients }; // [A, 2]
  }

  function read(variables: Readonly<Record<string, Variable>>): Gradients {
    return Object.fromEntries(
      Object.entries(variables).map(([name, variable]) => [name, tensor(readVariable(graph, variable))]),
    );
  }

  function zeroSums(afterNodes: readonly string[]): GraphNode[] {
    return Object.values(sums ?? {}).map((sum) => zeroVariable(graph, sum, afterNodes));
  }
}

/** The teacher's outputs; if asked for, computed in independent parts of the batch. */
function targetInParts(distillation: Distillation, teacher: Params, ids: tf.Tensor2D, parts = 1): tf.Tensor {
  const [rows, length] = ids.shape;
  const size = Math.ceil(rows / parts);
  if (size === rows) return distillationTarget(distillation, teacher, ids);
  const starts = Array.from({ length: Math.ceil(rows / size) }, (_, part) => part * size);
  return tf.concat(
    starts.map((start) =>
      distillationTarget(distillation, teacher, tf.slice(ids, [start, 0], [Math.min(size, rows - start), length])),
    ),
    0,
  );
}

const addUp = (a: Gradients, b: Gradients): Gradients =>
  Object.fromEntries(Object.entries(a).map(([name, values]) => [name, tf.add(values, b[name]!)]));

function declareSums(graph: Graph, gradients: Gradients): Record<string, Variable> {
  return Object.fromEntries(
    Object.entries(gradients).map(([name, { shape }]) => [name, declareVariable(graph, `sum/${name}`, shape)]),
  );
}

function zeroVariable(graph: Graph, variable: Variable, afterNodes: readonly string[]): GraphNode {
  const zeros = graph.add(
    'Fill',
    [graph.int32(variable.shape), graph.scalar(0, 'float32'), ...afterNodes.map((name) => `^${name}`)],
    { T: { type: 'float32' }, index_type: { type: 'int32' } },
    { dtype: 'float32', shape: variable.shape },
  );
  return assignVariable(graph, variable, zeros);
}
