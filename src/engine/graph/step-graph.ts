/** @file The distillation as one graph: what is fed, what is fetched, which variables hold the state. */
import * as tf from '@tensorflow/tfjs-core';
import { adamWUpdate, decays } from '../../distill/adamw.js';
import type { EngineOptions } from '../../distill/engine.js';
import { distillationLosses, distillationTarget, trainableParameters, type BatchTensors, type Distillation } from '../../distill/loss.js';
import { clipFactor, distillationGradients, globalNorm, type Gradients } from '../../distill/step.js';
import type { Params } from '../../models/text-encoder.js';
import { Graph, type GraphNode, type Value } from './graph.js';
import type { Signature } from './graph-def.js';
import { declareModel, recordedParams, type ModelVariables } from './model-variables.js';
import { toBfloat16 } from './precision.js';
import { record, type Recording } from './recorder.js';
import { addToVariable, after, assignVariable, declareVariable, placeholder, readVariable, type Variable } from './variables.js';

/** What a step is fed with. */
export interface GraphInputs {
  /** `[B, L]` int32, as the other two. */
  readonly teacherIds: GraphNode;
  readonly studentIdsEn: GraphNode;
  readonly studentIdsKo: GraphNode;
  /** `[B]` */
  readonly weights: GraphNode;
  /** Of the micro-batch in the run, for dropout. `[]` int32 */
  readonly position: GraphNode;
  /** AdamW's scalars. */
  readonly stepSize: GraphNode;
  readonly correction: GraphNode;
  readonly decay: GraphNode;
}

export interface StepGraph {
  readonly nodes: readonly GraphNode[];
  readonly signatures: Readonly<Record<string, Signature>>;
  readonly inputs: GraphInputs;
  readonly teacher: ModelVariables;
  readonly student: ModelVariables;
  /** To fetch once, first: zeroes the optimiser's state. */
  readonly initialised: GraphNode;
  /** Losses of a micro-batch whose gradients are only added up: `[lossEn, lossKo]`. Absent when each step is one. */
  readonly accumulated: GraphNode | undefined;
  /** Losses of the (last) micro-batch of a step, and the norm: `[lossEn, lossKo, gradNorm]`. Changes the student. */
  readonly stepped: GraphNode;
  /** `[lossEn, lossKo]`, changing nothing. */
  readonly evaluated: GraphNode;
}

/** Records the step, the evaluation and the access to the variables. */
export function buildStepGraph(distillation: Distillation, options: EngineOptions, length: number): StepGraph {
  const graph = new Graph();
  const inputs = declareInputs(graph, options.batchSize, length);
  const precision = options.precision ?? 'fp32';
  const teacher = declareModel(graph, 'teacher', distillation.teacher.shapes, precision === 'bf16' ? 'bfloat16' : 'float32');
  const student = declareModel(graph, 'student', distillation.student.shapes, 'float32');
  const outputs = record(graph, (recording) => recordStep(recording, distillation, options, inputs, { teacher, student }));
  const batch = { teacherIds: inputs.teacherIds, studentIdsEn: inputs.studentIdsEn, studentIdsKo: inputs.studentIdsKo, weights: inputs.weights };
  return {
    nodes: precision === 'bf16' ? toBfloat16(graph.nodes) : graph.nodes, inputs, teacher, student, ...outputs,
    signatures: {
      init: { inputs: {}, outputs: { done: outputs.initialised } },
      step: { inputs: { ...inputs }, outputs: { losses: outputs.stepped } },
      evaluate: { inputs: batch, outputs: { losses: outputs.evaluated } },
    },
  };
}

function declareInputs(graph: Graph, rows: number, length: number): GraphInputs {
  const ids = (name: string): GraphNode => placeholder(graph, name, [rows, length], 'int32');
  const scalar = (name: string): GraphNode => placeholder(graph, name, [], 'float32');
  return {
    teacherIds: ids('teacherIds'),
    studentIdsEn: ids('studentIdsEn'),
    studentIdsKo: ids('studentIdsKo'),
    weights: placeholder(graph, 'weights', [rows], 'float32'),
    position: placeholder(graph, 'position', [], 'int32'),
    stepSize: scalar('stepSize'),
    correction: scalar('correction'),
    decay: scalar('decay'),
  };
}

type StepOutputs = Pick<StepGraph, 'initialised' | 'accumulated' | 'stepped' | 'evaluated'>;

function recordStep(
  recording: Recording,
  distillation: Distillation,
  options: EngineOptions,
  inputs: GraphInputs,
  variables: { readonly teacher: ModelVariables; readonly student: ModelVariables },
): StepOutputs {
  const { graph, tensor, value } = recording;
  const params = { teacher: recordedParams(recording, variables.teacher), student: recordedParams(recording, variables.student) };
  const batch: BatchTensors = {
    teacherIds: tensor(inputs.teacherIds),
    studentIdsEn: tensor(inputs.studentIdsEn),
    studentIdsKo: tensor(inputs.studentIdsKo),
    weights: tensor(inputs.weights),
  };
  const stacked = (scalars: tf.Scalar[]): Value => value(tf.stack(scalars));

  const target = distillationTarget(distillation, params.teacher, batch.teacherIds);
  const evaluation = distillationLosses(distillation, params.student, batch, target);
  const evaluated = after(graph, stacked([evaluation.lossEn, evaluation.lossKo]), [], 'evaluated');

  const dropout = { seed: options.seed, step: tensor<tf.Scalar>(inputs.position), rate: options.dropout };
  const { lossEn, lossKo, gradients } = distillationGradients(distillation, params, batch, dropout);
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
  const { changes, zeroed } = recordUpdates(recording, distillation, options, inputs, params.student, variables.student, whole, norm);
  const reset = Object.values(sums ?? {}).map((sum) => zeroVariable(graph, sum, [value(norm).name]));
  const stepped = after(graph, stacked([lossEn, lossKo, norm]), [...changes, ...reset], 'stepped');
  const initialised = after(graph, graph.scalar(1, 'float32'), [...zeroed, ...Object.values(sums ?? {}).map((sum) => zeroVariable(graph, sum, []))], 'initialised');
  return { initialised, accumulated, stepped, evaluated };
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

/** AdamW on every trained parameter. */
function recordUpdates(
  { graph, tensor, value }: Recording,
  distillation: Distillation,
  options: EngineOptions,
  inputs: GraphInputs,
  params: Params,
  variables: ModelVariables,
  gradients: Gradients,
  norm: tf.Scalar,
): { changes: GraphNode[]; zeroed: GraphNode[] } {
  const factor = options.maxGradNorm === undefined ? undefined : clipFactor(norm, options.maxGradNorm);
  const scalars = { stepSize: tensor<tf.Scalar>(inputs.stepSize), correction: tensor<tf.Scalar>(inputs.correction), decay: tensor<tf.Scalar>(inputs.decay) };
  const byName = new Map(variables.flat().map(({ name, variable }) => [name, variable]));
  const changes: GraphNode[] = [];
  const zeroed: GraphNode[] = [];
  for (const name of trainableParameters(distillation)) {
    const parameter = params[name];
    const first = declareVariable(graph, `first-moment/${name}`, parameter.shape);
    const second = declareVariable(graph, `second-moment/${name}`, parameter.shape);
    const slot = { parameter, firstMoment: tensor(readVariable(graph, first)), secondMoment: tensor(readVariable(graph, second)) };
    const gradient = factor === undefined ? gradients[name] : tf.mul(gradients[name], factor);
    const updated = adamWUpdate(options.optimizer, slot, gradient, scalars, decays(options.optimizer, distillation.student.isBiasOrNorm(name)));
    changes.push(
      assignVariable(graph, byName.get(name)!, value(updated.parameter)),
      assignVariable(graph, first, value(updated.firstMoment)),
      assignVariable(graph, second, value(updated.secondMoment)),
    );
    zeroed.push(zeroVariable(graph, first, []), zeroVariable(graph, second, []));
  }
  return { changes, zeroed };
}
