/** @file The optimiser's part of the step: what it updates, and whether it does. */
import tf from '../../base/tfjs.cjs';
import { adamWUpdate, decays, momentName } from '../../distill/adamw.js';
import type { OptimizerOptions } from '../engine-options.js';
import type { Distillation } from '../../distill/loss.js';
import { clipFactor, type Gradients } from '../../distill/step.js';
import { fusedUpdate } from './fused-update.js';
import type { Graph, GraphNode, Value } from './graph.js';
import type { ModelVariables } from './model-variables.js';
import type { Recording } from './recorder.js';
import { assignVariable } from './variables.js';

/** The fed scalars of AdamW. */
export interface UpdateInputs {
  readonly stepSize: GraphNode;
  readonly correction: GraphNode;
  readonly decay: GraphNode;
}

/** The inputs of an update. */
export interface Update {
  readonly inputs: UpdateInputs;
  readonly variables: Readonly<Record<'student' | 'moments', ModelVariables>>;
  /** By the names of the student's variables. */
  readonly gradients: Gradients;
  /** The gradient norm, before clipping. */
  readonly norm: tf.Scalar;
  /** `[]` bool: whether to update anything. */
  readonly applies: Value;
  /** Whether one op updates a parameter with its moments. */
  readonly fused: boolean;
}

/** Records AdamW for every trained parameter and returns the assignments. */
export function recordUpdates(
  recording: Recording,
  distillation: Distillation,
  options: OptimizerOptions,
  update: Update,
): GraphNode[] {
  const { graph, tensor, value } = recording;
  const { inputs, variables, gradients, norm, applies } = update;
  const factor = options.maxGradNorm === undefined ? undefined : clipFactor(norm, options.maxGradNorm);
  const scalars = {
    stepSize: tensor<tf.Scalar>(inputs.stepSize),
    correction: tensor<tf.Scalar>(inputs.correction),
    decay: tensor<tf.Scalar>(inputs.decay),
  };
  const byName = new Map(
    [...variables.student.variables, ...variables.moments.variables].map((each) => [each.name, each]),
  );
  return Object.entries(gradients).flatMap(([name, gradient]) => {
    const parameter = byName.get(name)!;
    const firstMoment = byName.get(momentName('exp_avg', name))!;
    const secondMoment = byName.get(momentName('exp_avg_sq', name))!;
    const kept = [parameter, firstMoment, secondMoment];
    const isDecayed = decays(options.optimizer, distillation.student.isBiasOrNorm(parameter.members[0]!));
    if (update.fused) {
      const after = fusedUpdate(graph, options.optimizer, {
        kept: [parameter.read, firstMoment.read, secondMoment.read],
        gradient: value(gradient),
        factor: factor && value(factor),
        ...inputs,
        decay: isDecayed ? inputs.decay : undefined,
        applies,
      });
      return after.map((each, i) => assignVariable(graph, kept[i]!.variable, each));
    }
    const clipped = factor === undefined ? gradient : tf.mul(gradient, factor);
    const updated = adamWUpdate(
      options.optimizer,
      {
        parameter: tensor(parameter.read),
        firstMoment: tensor(firstMoment.read),
        secondMoment: tensor(secondMoment.read),
      },
      clipped,
      scalars,
      isDecayed,
    );
    return [updated.parameter, updated.firstMoment, updated.secondMoment].map((after, i) =>
      assignVariable(graph, kept[i]!.variable, choose(graph, applies, value(after), kept[i]!.read)),
    );
  });
}

/** Whether all values are finite. `[]` bool */
export function areFinite(graph: Graph, values: Value): GraphNode {
  const each = graph.add('IsFinite', [values], { T: { type: values.dtype } }, { dtype: 'bool', shape: values.shape });
  return graph.add(
    'All',
    [each, graph.int32([0])],
    { Tidx: { type: 'int32' }, keep_dims: { bool: false } },
    { dtype: 'bool', shape: [] },
  );
}

/** Selects one of two values. The condition is a scalar or broadcasts to the first. */
export function choose(graph: Graph, condition: Value, yes: Value, no: Value): GraphNode {
  return graph.add('SelectV2', [condition, yes, no], { T: { type: yes.dtype } }, yes);
}
