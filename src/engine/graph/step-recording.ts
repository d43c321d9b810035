/**
 * @file Step and evaluation, recorded: losses, gradients and update as nodes, once for each layout of the student's
 * texts.
 */
import tf from '../../base/tfjs.cjs';
import type { EngineOptions } from '../engine-options.js';
import { evaluationTensor } from '../../distill/evaluation.js';
import { distillationTarget, type BatchTensors, type Distillation } from '../../distill/loss.js';
import { distillationGradients, globalNorm, type Gradients } from '../../distill/step.js';
import type { Params } from '../../models/text-encoder.js';
import { layoutName, layoutsOf, type TextLayout } from '../text-layouts.js';
import type { CollectiveGroup } from './all-reduce.js';
import { GradientSums } from './gradient-sums.js';
import type { Graph, GraphNode } from './graph.js';
import { recordedParams, type ModelVariables } from './model-variables.js';
import { flattenGradients, type FlatParameters } from './flat-parameters.js';
import type { NodeRange } from './recompute.js';
import type { GraphInputs, Pass, RecordedStep, StepPass, TextInputs } from './recorded-step.js';
import type { Recording } from './recorder.js';
import { DataParallelStep, type StepTotals } from './data-parallel-step.js';
import { areFinite, recordUpdates } from './update.js';
import { after, placeholder, zeroVariable } from './variables.js';

/** What a step is recorded from. */
export interface StepParts {
  readonly distillation: Distillation;
  readonly options: EngineOptions;
  readonly inputs: GraphInputs;
  /** The variables of the state. */
  readonly variables: Readonly<Record<'teacher' | 'student' | 'moments', ModelVariables>>;
  readonly flat: FlatParameters;
  /** L, tokens of a full-length text. */
  readonly length: number;
  /** Absent if one device takes all steps. */
  readonly collective: CollectiveGroup | undefined;
}

/** Records step and evaluation for every layout of the student's texts. */
export function recordStep(
  recording: Recording,
  { distillation, options, inputs, variables, flat, length, collective }: StepParts,
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
  const teacherOutputs = inputs.target === undefined ? after(graph, value(target), [], 'teacherOutputs') : undefined;

  const dropoutChoice = { rate: options.dropout, padding: options.padding };
  const dropout = { seed: options.seed, step: tensor<tf.Scalar>(inputs.position), ...dropoutChoice };
  const backward: NodeRange[] = [];
  const parallel = collective && new DataParallelStep(recording, collective, options.accumulate);
  let sums: GradientSums | undefined;
  const { step, evaluation } = layoutsOf(distillation.student, length, options);
  const isStepped = new Set(step.layouts.map(layoutName));
  const passes = evaluation.layouts.map(recordPass);
  const updated = parallel && recordUpdate(parallel.reduce(sums!.read()), 'updated');
  const { student, moments } = variables;
  const broadcast = parallel && options.group && parallel.broadcast([...student.variables, ...moments.variables]);

  const done = graph.scalar(1, 'float32');
  const cleared = sums && after(graph, done, sums.clear(), 'cleared');
  const initialised = after(
    graph,
    done,
    [...moments.variables.map(({ variable }) => zeroVariable(graph, variable)), ...(sums?.clear() ?? [])],
    'initialised',
  );
  return { initialised, cleared, updated, broadcast, teacherOutputs, passes, backward };

  function recordPass(layout: TextLayout): Pass {
    const name = layoutName(layout);
    const suffix = `/${name}`;
    const texts = declareTexts(graph, layout, suffix, 2 * options.batchSize, length);
    const packing = texts.packing && {
      texts: tensor<tf.Tensor2D>(texts.packing.texts),
      logCounts: tensor<tf.Tensor2D>(texts.packing.logCounts),
      places: tensor<tf.Tensor2D>(texts.packing.places),
    };
    const batch: BatchTensors = { ...given, studentIds: tensor(texts.ids), packing, target };
    const evaluated = after(
      graph,
      value(evaluationTensor(distillation, params.student, batch, target)),
      [],
      `evaluated${suffix}`,
    );
    return { layout, texts, evaluated, step: isStepped.has(name) ? recordStepPass(batch, suffix) : undefined };
  }

  function recordStepPass(batch: BatchTensors, suffix: string): StepPass {
    const { lossEn, lossKo, gradients: byParameter } = distillationGradients(distillation, params, batch, dropout);
    const start =
      1 + Math.max(...[lossEn, lossKo].map((loss) => graph.nodes.findIndex(({ name }) => name === value(loss).name)));
    const gradients = flattenGradients(byParameter, flat);
    const losses = [lossEn, lossKo];
    const contribution = parallel === undefined ? gradients : parallel.contribution(gradients, losses, inputs.place!);
    if (options.accumulate > 1 || parallel !== undefined) sums ??= new GradientSums(recording, contribution);
    const accumulated =
      sums && after(graph, value(tf.stack(losses)), sums.accumulate(contribution), `accumulated${suffix}`);
    const gradientsOfStep = sums === undefined ? contribution : sums.plus(contribution);
    const stepped =
      parallel === undefined ? recordUpdate(totalsOfOne(gradientsOfStep, losses), `stepped${suffix}`) : undefined;
    backward.push([start, graph.nodes.length]);
    return { accumulated, stepped };
  }

  /** Updates student and moments if all values in `fetched` are finite, then clears the gradient sums. */
  function recordUpdate({ gradients, norm, fetched }: StepTotals, name: string): GraphNode {
    const result = value(fetched);
    const applies = areFinite(graph, result);
    const fused = options.fused === true && options.jitCompile !== true;
    const update = { inputs, variables, gradients, norm, applies, fused };
    const changes = recordUpdates(recording, distillation, options, update);
    return after(graph, result, [...changes, ...(sums?.clear([value(norm).name]) ?? [])], name);
  }
}

/** Declares the feeds of `count` texts of `length` positions in a layout. */
function declareTexts(
  graph: Graph,
  { rows, length }: TextLayout,
  suffix: string,
  count: number,
  full: number,
): TextInputs {
  const shape = [rows, length];
  const ids = placeholder(graph, `studentIds${suffix}`, shape, 'int32');
  if (rows === count) return { ids, packing: undefined };
  return {
    ids,
    packing: {
      texts: placeholder(graph, `texts${suffix}`, shape, 'float32'),
      logCounts: placeholder(graph, `logCounts${suffix}`, shape, 'float32'),
      places: placeholder(graph, `places${suffix}`, [count, full], 'int32'),
    },
  };
}

/**
 * The totals of a step that one device takes.
 *
 * @param losses of its last micro-batch
 */
function totalsOfOne(gradients: Gradients, losses: readonly tf.Scalar[]): StepTotals {
  const norm = globalNorm(gradients);
  return { gradients, norm, fetched: tf.stack([...losses, norm]) };
}

/** The teacher's outputs, computed in independent parts of the batch. */
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
