/** @file The optimiser's part of the step: what it changes, and whether it changes anything. */
import * as tf from '@tensorflow/tfjs-core';
import { adamWUpdate, decays, momentName } from '../../distill/adamw.js';
import type { EngineOptions } from '../../distill/engine.js';
import { trainableParameters, type Distillation } from '../../distill/loss.js';
import { clipFactor, type Gradients } from '../../distill/step.js';
import type { Params } from '../../models/text-encoder.js';
import type { Graph, GraphNode, Value } from './graph.js';
import { recordedParams, type ModelVariables } from './model-variables.js';
import type { Recording } from './recorder.js';
import { assignVariable } from './variables.js';

/** AdamW's scalars, fed. */
export interface UpdateInputs {
  readonly stepSize: GraphNode;
  readonly correction: GraphNode;
  readonly decay: GraphNode;
}

/** What an update is made of. */
export interface Update {
  readonly inputs: UpdateInputs;
  /** The student's parameters before it. */
  readonly params: Params;
  readonly variables: Readonly<Record<'student' | 'moments', ModelVariables>>;
  readonly gradients: Gradients;
  /** The gradients' norm, before clipping. */
  readonly norm: tf.Scalar;
  /** `[]` bool: whether anything is to change. */
  readonly applies: Value;
}

/** Records AdamW on every trained parameter, and gives the assignments. */
export function recordUpdates(recording: Recording, distillation: Distillation, options: EngineOptions, update: Update): GraphNode[] {
  const { graph, tensor, value } = recording;
  const { inputs, params, variables, gradients, norm, applies } = update;
  const factor = options.maxGradNorm === undefined ? undefined : clipFactor(norm, options.maxGradNorm);
  const scalars = { stepSize: tensor<tf.Scalar>(inputs.stepSize), correction: tensor<tf.Scalar>(inputs.correction), decay: tensor<tf.Scalar>(inputs.decay) };
  const moments = recordedParams(recording, variables.moments);
  const byName = new Map([...variables.student, ...variables.moments].flat().map(({ name, variable }) => [name, variable]));
  const assign = (name: string, before: tf.Tensor, updated: tf.Tensor): GraphNode =>
    assignVariable(graph, byName.get(name)!, choose(graph, applies, value(updated), value(before)));
  return trainableParameters(distillation).flatMap((name) => {
    const [first, second] = [momentName('exp_avg', name), momentName('exp_avg_sq', name)];
    const slot = { parameter: params[name], firstMoment: moments[first], secondMoment: moments[second] };
    const gradient = factor === undefined ? gradients[name] : tf.mul(gradients[name], factor);
    const updated = adamWUpdate(options.optimizer, slot, gradient, scalars, decays(options.optimizer, distillation.student.isBiasOrNorm(name)));
    return [
      assign(name, slot.parameter, updated.parameter),
      assign(first, slot.firstMoment, updated.firstMoment),
      assign(second, slot.secondMoment, updated.secondMoment),
    ];
  });
}

/** Whether all of a few values are finite numbers. `[]` bool */
export function areFinite(graph: Graph, values: Value): GraphNode {
  const each = graph.add('IsFinite', [values], { T: { type: values.dtype } }, { dtype: 'bool', shape: values.shape });
  return graph.add('All', [each, graph.int32([0])], { Tidx: { type: 'int32' }, keep_dims: { bool: false } }, { dtype: 'bool', shape: [] });
}

/** One value or the other, by a scalar. */
function choose(graph: Graph, condition: Value, yes: Value, no: Value): GraphNode {
  return graph.add('SelectV2', [condition, yes, no], { T: { type: yes.dtype } }, yes);
}
