/** @file The distillation as one graph: what is fed, what is fetched, which variables hold the state. */
import * as tf from '@tensorflow/tfjs-core';
import { momentShapes } from '../../distill/adamw.js';
import type { EngineOptions } from '../../distill/engine.js';
import { evaluationTensor } from '../../distill/evaluation.js';
import { distillationTarget, targetShape, trainableParameters, type BatchTensors, type Distillation } from '../../distill/loss.js';
import { distillationGradients, globalNorm, type Gradients } from '../../distill/step.js';
import { fuse, type FusedGraph } from './fusion.js';
import { Graph, type GraphNode, type Value } from './graph.js';
import type { Signature } from './graph-def.js';
import { declareModel, recordedParams, type ModelVariables } from './model-variables.js';
import { serialise } from './order.js';
import { momentPacks, packGradients, packsOf, type Packs } from './packs.js';
import { toBfloat16 } from './precision.js';
import { recompute } from './recompute.js';
import { record, type Recording } from './recorder.js';
import { areFinite, recordUpdates, type UpdateInputs } from './update.js';
import { addToVariable, after, assignVariable, declareVariable, placeholder, readVariable, type Variable } from './variables.js';

/** What a step is fed with. */
export interface GraphInputs extends UpdateInputs {
  /** `[B, L]` int32, as the other two. */
  readonly teacherIds: GraphNode;
  readonly studentIdsEn: GraphNode;
  readonly studentIdsKo: GraphNode;
  /** `[B]` */
  readonly weights: GraphNode;
  /** The teacher's outputs, `[B, L, D]` or `[B, D]`; where they are given, and the teacher's ids are not read. */
  readonly target: GraphNode | undefined;
  /** Of the micro-batch in the run, for dropout. `[]` int32 */
  readonly position: GraphNode;
}

export interface StepGraph extends FusedGraph {
  readonly signatures: Readonly<Record<string, Signature>>;
  readonly inputs: GraphInputs;
  /** None where targets are given. */
  readonly teacher: ModelVariables;
  readonly student: ModelVariables;
  /** The optimiser's moments, by `momentName`. */
  readonly moments: ModelVariables;
  /** To fetch once, first: zeroes the optimiser's state. */
  readonly initialised: GraphNode;
  /** Losses of a micro-batch whose gradients are only added up: `[lossEn, lossKo]`. Absent when each step is one. */
  readonly accumulated: GraphNode | undefined;
  /** Forgets the gradients added up so far. Absent as above. */
  readonly cleared: GraphNode | undefined;
  /**
   * Losses of the (last) micro-batch of a step, and the norm: `[lossEn, lossKo, gradNorm]`. Changes student and moments, if
   * all three are finite.
   */
  readonly stepped: GraphNode;
  /** An `evaluationTensor`, changing nothing. */
  readonly evaluated: GraphNode;
  /** The teacher's outputs, float32. Absent where they are given. */
  readonly taught: GraphNode | undefined;
}

/** Records the step, the evaluation and the access to the variables. */
export function buildStepGraph(distillation: Distillation, options: EngineOptions, length: number): StepGraph {
  const graph = new Graph();
  const inputs = declareInputs(graph, distillation, options, length);
  const precision = options.precision ?? 'fp32';
  const { shapes } = distillation.student;
  const teacherDtype = precision === 'bf16' ? 'bfloat16' : 'float32';
  const teacher = inputs.target === undefined ? declareModel(graph, 'teacher', distillation.teacher.shapes, teacherDtype) : declareModel(graph, 'teacher', {}, teacherDtype);
  const packs = packsOf(distillation, options.optimizer);
  const student = declareModel(graph, 'student', shapes, 'float32', packs);
  const trained = Object.fromEntries(trainableParameters(distillation).map((name) => [name, shapes[name]]));
  const moments = declareModel(graph, 'moment', momentShapes(trained), 'float32', momentPacks(packs));
  const { forward, ...outputs } = record(graph, (recording) => recordStep(recording, distillation, options, inputs, { teacher, student, moments }, packs));
  const named = (names: readonly (keyof GraphInputs)[]) =>
    Object.fromEntries(names.flatMap((name) => (inputs[name] === undefined ? [] : [[name, inputs[name]] as const])));
  const batch = ['teacherIds', 'studentIdsEn', 'studentIdsKo', 'weights', 'target'] as const;
  const fetched = Object.values(outputs).flatMap((node: GraphNode | undefined) => (node === undefined ? [] : [node.name]));
  const lowered = (nodes: readonly GraphNode[]): readonly GraphNode[] => (precision === 'bf16' ? toBfloat16(nodes) : nodes);
  const fused = options.fused === true ? fuseStep(lowered(recompute(graph.nodes, forward)), fetched) : { nodes: lowered(graph.nodes), functions: [] };
  return {
    ...fused, inputs, teacher, student, moments, ...outputs,
    signatures: {
      init: { inputs: {}, outputs: { done: outputs.initialised } },
      step: { inputs: named([...batch, 'position', 'stepSize', 'correction', 'decay']), outputs: { losses: outputs.stepped } },
      evaluate: { inputs: named(batch), outputs: { losses: outputs.evaluated } },
    },
  };
}

/** Loops for elementwise ops, and an order that takes little memory. */
function fuseStep(nodes: readonly GraphNode[], fetched: readonly string[]): FusedGraph {
  const fused = fuse(nodes, fetched);
  return { ...fused, nodes: serialise(fused.nodes, fetched) };
}

function declareInputs(graph: Graph, distillation: Distillation, { batchSize: rows, targets }: EngineOptions, length: number): GraphInputs {
  const ids = (name: string): GraphNode => placeholder(graph, name, [rows, length], 'int32');
  const scalar = (name: string): GraphNode => placeholder(graph, name, [], 'float32');
  return {
    teacherIds: ids('teacherIds'),
    studentIdsEn: ids('studentIdsEn'),
    studentIdsKo: ids('studentIdsKo'),
    weights: placeholder(graph, 'weights', [rows], 'float32'),
    target: targets === 'given' ? placeholder(graph, 'target', targetShape(distillation, rows, length), 'float32') : undefined,
    position: placeholder(graph, 'position', [], 'int32'),
    stepSize: scalar('stepSize'),
    correction: scalar('correction'),
    decay: scalar('decay'),
  };
}

type StepOutputs = Pick<StepGraph, 'initialised' | 'accumulated' | 'cleared' | 'stepped' | 'evaluated' | 'taught'> & {
  /** How many of the recorded nodes come before the backward pass. */
  readonly forward: number;
};

type Variables = Readonly<Record<'teacher' | 'student' | 'moments', ModelVariables>>;

function recordStep(recording: Recording, distillation: Distillation, options: EngineOptions, inputs: GraphInputs, variables: Variables, packs: Packs): StepOutputs {
  const { graph, tensor, value } = recording;
  const params = { teacher: recordedParams(recording, variables.teacher), student: recordedParams(recording, variables.student) };
  const ids: BatchTensors = {
    teacherIds: tensor(inputs.teacherIds),
    studentIdsEn: tensor(inputs.studentIdsEn),
    studentIdsKo: tensor(inputs.studentIdsKo),
    weights: tensor(inputs.weights),
  };
  const stacked = (scalars: tf.Scalar[]): Value => value(tf.stack(scalars));

  const target = inputs.target === undefined ? distillationTarget(distillation, params.teacher, ids.teacherIds) : tensor(inputs.target);
  const batch: BatchTensors = { ...ids, target };
  const taught = inputs.target === undefined ? after(graph, value(target), [], 'taught') : undefined;
  const evaluated = after(graph, value(evaluationTensor(distillation, params.student, batch, target)), [], 'evaluated');

  const dropout = { seed: options.seed, step: tensor<tf.Scalar>(inputs.position), rate: options.dropout };
  const { lossEn, lossKo, gradients: byParameter } = distillationGradients(distillation, params, batch, dropout);
  const forward = 1 + Math.max(...[lossEn, lossKo].map((loss) => graph.nodes.findIndex(({ name }) => name === value(loss).name)));
  const gradients = packGradients(byParameter, packs);
  const sums = options.accumulate > 1 ? declareSums(graph, gradients) : undefined;
  const accumulated = sums && after(
    graph, stacked([lossEn, lossKo]),
    Object.entries(sums).map(([name, sum]) => addToVariable(graph, sum, value(gradients[name]))),
    'accumulated',
  );

  const whole = sums === undefined ? gradients : Object.fromEntries(
    Object.entries(sums).map(([name, sum]) => [name, tf.add(gradients[name], tensor(readVariable(graph, sum)))]),
  );
  const norm = globalNorm(whole);
  const result = stacked([lossEn, lossKo, norm]);
  const applies = areFinite(graph, result);
  const changes = recordUpdates(recording, distillation, options, { inputs, variables, gradients: whole, norm, applies });
  const zeroSums = (afterNodes: readonly string[]): GraphNode[] => Object.values(sums ?? {}).map((sum) => zeroVariable(graph, sum, afterNodes));
  const stepped = after(graph, result, [...changes, ...zeroSums([value(norm).name])], 'stepped');
  const done = graph.scalar(1, 'float32');
  const cleared = sums && after(graph, done, zeroSums([]), 'cleared');
  const initialised = after(graph, done, [...variables.moments.variables.map(({ variable }) => zeroVariable(graph, variable, [])), ...zeroSums([])], 'initialised');
  return { initialised, accumulated, cleared, stepped, evaluated, taught, forward };
}

function declareSums(graph: Graph, gradients: Gradients): Record<string, Variable> {
  return Object.fromEntries(Object.entries(gradients).map(([name, { shape }]) => [name, declareVariable(graph, `sum/${name}`, shape)]));
}

function zeroVariable(graph: Graph, variable: Variable, afterNodes: readonly string[]): GraphNode {
  const zeros = graph.add(
    'Fill', [graph.int32(variable.shape), graph.scalar(0, 'float32'), ...afterNodes.map((name) => `^${name}`)],
    { T: { type: 'float32' }, index_type: { type: 'int32' } }, { dtype: 'float32', shape: variable.shape },
  );
  return assignVariable(graph, variable, zeros);
}
