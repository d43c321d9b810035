/** @file The distillation as one graph: feeds, fetches, and the variables that hold the state. */
import { momentShapes } from '../../distill/adamw.js';
import type { DeviceOptions, EngineOptions } from '../engine-options.js';
import { targetShape, trainableParameters, type Distillation } from '../../distill/loss.js';
import type { CollectiveGroup } from './all-reduce.js';
import type { FusedGraph } from './functions.js';
import { compileWhole, fuse } from './fusion.js';
import { Graph, type GraphNode } from './graph.js';
import { declareModel, type ModelVariables } from './model-variables.js';
import { serialise } from './order.js';
import { flatMoments, flatParametersOf } from './flat-parameters.js';
import { toBfloat16 } from './precision.js';
import { recompute } from './recompute.js';
import { record } from './recorder.js';
import type { GraphInputs, RecordedStep } from './recorded-step.js';
import { spellOutSoftmax, sumRowsFirst } from './row-reductions.js';
import { recordStep } from './step-recording.js';
import { placeholder } from './variables.js';

/** The graph of a step, ready to run, with its variables. */
export interface StepGraph extends FusedGraph, Omit<RecordedStep, 'backward'> {
  readonly inputs: GraphInputs;
  /** Empty if targets are given. */
  readonly teacher: ModelVariables;
  readonly student: ModelVariables;
  /** The optimiser's moments, by `momentName`. */
  readonly moments: ModelVariables;
}

/** Records the step, the evaluation and the access to the variables. */
export function buildStepGraph(distillation: Distillation, options: EngineOptions, length: number): StepGraph {
  const graph = new Graph();
  const inputs = declareInputs(graph, distillation, options, length);
  const precision = options.precision ?? 'fp32';
  const { shapes } = distillation.student;
  const teacherDtype = precision === 'bf16' ? 'bfloat16' : 'float32';
  const teacher =
    inputs.target === undefined
      ? declareModel(graph, 'teacher', distillation.teacher.shapes, teacherDtype)
      : declareModel(graph, 'teacher', {}, teacherDtype);
  const flat = flatParametersOf(distillation, options.optimizer);
  const student = declareModel(graph, 'student', shapes, 'float32', flat);
  const trained = Object.fromEntries(trainableParameters(distillation).map((name) => [name, shapes[name]!]));
  const moments = declareModel(graph, 'moment', momentShapes(trained), 'float32', flatMoments(flat));
  const outputs = record(graph, (recording) =>
    recordStep(recording, {
      distillation,
      options,
      inputs,
      variables: { teacher, student, moments },
      flat,
      length,
      collective: collectiveGroupOf(options),
    }),
  );
  const fetched = [
    outputs.initialised,
    outputs.cleared,
    outputs.updated,
    outputs.broadcast,
    outputs.teacherOutputs,
    ...outputs.passes.flatMap(({ evaluated, step }) => [evaluated, step?.accumulated, step?.stepped]),
  ].flatMap((node) => (node === undefined ? [] : [node.name]));
  const lowered = (nodes: readonly GraphNode[]): readonly GraphNode[] =>
    precision === 'bf16' ? toBfloat16(nodes, options.fused === true ? 'rows' : undefined) : nodes;
  const compiled = (): FusedGraph => {
    if (options.jitCompile === true) return compileWhole(lowered(graph.nodes), fetched);
    if (options.fused !== true) return { nodes: lowered(graph.nodes), functions: [] };
    return fuseStep(lowered(spellOutSoftmax(sumRowsFirst(recompute(graph.nodes, outputs.backward)))), fetched, outputs);
  };
  return { ...compiled(), inputs, teacher, student, moments, ...outputs };
}

/** The devices that share a step; undefined for a single one. */
export function collectiveGroupOf({ devices = [], group }: DeviceOptions): CollectiveGroup | undefined {
  if (devices.length < 2 && group === undefined) return undefined;
  return {
    count: group?.devices ?? devices.length,
    hint: devices.every((device) => device.includes('GPU')) ? 'nccl' : 'auto',
    timeout: group?.timeout,
  };
}

/**
 * Fuses elementwise ops, alike for one device and for several, and chooses an order that takes little memory. The
 * teacher keeps nothing for a backward pass, so it runs beside the student.
 */
function fuseStep(
  nodes: readonly GraphNode[],
  fetched: readonly string[],
  { updated, passes, teacherOutputs }: RecordedStep,
): FusedGraph {
  const times = passes.filter(({ step }) => step !== undefined).length; // each has an update of its own
  const fused = fuse(nodes, fetched, updated && { name: updated.name, times });
  // row loops carry their programs: TensorFlow needs no functions
  return { nodes: serialise(fused.nodes, fetched, { beside: teacherOutputs }), functions: [] };
}

function declareInputs(graph: Graph, distillation: Distillation, options: EngineOptions, length: number): GraphInputs {
  const { batchSize: rows, targets } = options;
  const scalar = (name: string): GraphNode => placeholder(graph, name, [], 'float32');
  return {
    teacherIds: placeholder(graph, 'teacherIds', [rows, length], 'int32'),
    weights: placeholder(graph, 'weights', [rows], 'float32'),
    target:
      targets === 'given'
        ? placeholder(graph, 'target', targetShape(distillation, rows, length), 'float32')
        : undefined,
    position: placeholder(graph, 'position', [], 'int32'),
    place: collectiveGroupOf(options) && placeholder(graph, 'place', [], 'int32'),
    stepSize: scalar('stepSize'),
    correction: scalar('correction'),
    decay: scalar('decay'),
  };
}
