/** @file A data-parallel step: each device has the gradients of its micro-batches, and all need the sums. */
import tf from '../../base/tfjs.cjs';
import { globalNorm, type Gradients } from '../../distill/step.js';
import { AllReduce, type CollectiveGroup } from './all-reduce.js';
import type { GraphNode } from './graph.js';
import type { ModelVariable } from './model-variables.js';
import type { Recording } from './recorder.js';
import { choose } from './update.js';
import { after, assignVariable } from './variables.js';

/** The name of the losses in a device's contribution to a step. */
const LOSSES = 'losses';

/** A step's gradients, their norm, and the values to fetch. */
export interface StepTotals {
  readonly gradients: Gradients;
  readonly norm: tf.Scalar;
  readonly fetched: tf.Tensor;
}

/** Records what several devices exchange in a step. */
export class DataParallelStep {
  private messages = 0;

  /** @param accumulate micro-batches per step, over all devices */
  constructor(
    private readonly recording: Recording,
    private readonly collective: CollectiveGroup,
    private readonly accumulate: number,
  ) {}

  /**
   * A micro-batch's gradients, with its losses in the micro-batch's row of a table that is zero elsewhere, so that sums
   * over devices keep the losses of each micro-batch.
   *
   * @param place of the micro-batch in its step
   */
  contribution(gradients: Gradients, losses: tf.Scalar[], place: GraphNode): Gradients {
    const { graph, tensor, value } = this.recording;
    const count = this.accumulate;
    const places = tf.tensor2d(
      Int32Array.from({ length: count }, (_, i) => i),
      [count, 1],
    );
    const isElsewhere = tf.notEqual(places, tensor(place)); // [A, 1]
    const row = tf.reshape(tf.stack(losses), [1, 2]);
    const placed = choose(graph, value(isElsewhere), graph.fill(0, [count, 2], 'float32'), value(row));
    return { [LOSSES]: tensor(placed), ...gradients }; // [A, 2]
  }

  /** The sums of all devices' contributions. The norm is the first device's, so that all decide alike. */
  reduce(contribution: Gradients): StepTotals {
    const { graph, tensor, value } = this.recording;
    const allReduce = new AllReduce(graph, this.collective);
    const own = Object.entries(contribution).map(([name, values]) => [name, value(values)] as const);
    const summed = allReduce.sum(Object.fromEntries(own.reverse())); // in the order of the backward pass
    const sums: Gradients = Object.fromEntries(Object.keys(contribution).map((name) => [name, tensor(summed[name]!)]));
    const { [LOSSES]: losses, ...gradients } = sums;
    const norm = tensor<tf.Scalar>(allReduce.broadcast(value(globalNorm(gradients))));
    this.messages = allReduce.usedInstanceKeys;
    return { gradients, norm, fetched: tf.concat([tf.reshape(losses!, [-1]), tf.reshape(norm, [1])], 0) };
  }

  /** Sets variables to the first device's values. Returns the node to run; must be recorded after `reduce`. */
  broadcast(variables: readonly ModelVariable[]): GraphNode {
    const { graph } = this.recording;
    const allReduce = new AllReduce(graph, this.collective, this.messages);
    const set = variables.map(({ variable, read }) => assignVariable(graph, variable, allReduce.broadcast(read)));
    return after(graph, graph.scalar(1, 'float32'), set, 'broadcast');
  }
}
