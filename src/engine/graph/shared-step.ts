/** @file A step that several devices share: each has the gradients of its micro-batches, and all need the sums. */
import * as tf from '@tensorflow/tfjs-core';
import { globalNorm, type Gradients } from '../../distill/step.js';
import { AllReduce, type CollectiveGroup } from './all-reduce.js';
import type { GraphNode } from './graph.js';
import type { ModelVariable } from './model-variables.js';
import type { Recording } from './recorder.js';
import { choose } from './update.js';
import { after, assignVariable } from './variables.js';

/** The name of the losses in a device's share of a step. */
const LOSSES = 'losses';

/** A step's gradients, their norm, and the values to fetch. */
export interface WholeStep {
  readonly gradients: Gradients;
  readonly norm: tf.Scalar;
  readonly seen: tf.Tensor;
}

/** Records what several devices exchange in a step. */
export class SharedStep {
  private messages = 0;

  /** @param accumulate micro-batches per step, over all devices */
  constructor(
    private readonly recording: Recording,
    private readonly collective: CollectiveGroup,
    private readonly accumulate: number,
  ) {}

  /**
   * A micro-batch's gradients, with its losses in the micro-batch's row of a table that is zero elsewhere, so that sums
   * over ranks keep the losses of each micro-batch.
   *
   * @param place of the micro-batch in its step
   */
  shareOf(gradients: Gradients, losses: tf.Scalar[], place: GraphNode): Gradients {
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

  /** The sums of all ranks' shares. The norm is the first rank's, so that all decide alike. */
  wholeOf(share: Gradients): WholeStep {
    const { graph, tensor, value } = this.recording;
    const allReduce = new AllReduce(graph, this.collective);
    const own = Object.entries(share).map(([name, values]) => [name, value(values)] as const);
    const summed = allReduce.sum(Object.fromEntries(own.reverse())); // in the order of the backward pass
    const whole: Gradients = Object.fromEntries(Object.keys(share).map((name) => [name, tensor(summed[name]!)]));
    const { [LOSSES]: losses, ...gradients } = whole;
    const norm = tensor<tf.Scalar>(allReduce.ofFirst(value(globalNorm(gradients))));
    this.messages = allReduce.taken;
    return { gradients, norm, seen: tf.concat([tf.reshape(losses!, [-1]), tf.reshape(norm, [1])], 0) };
  }

  /** Sets variables to the first rank's values. Returns the node to run; must be recorded after `wholeOf`. */
  send(variables: readonly ModelVariable[]): GraphNode {
    const { graph } = this.recording;
    const allReduce = new AllReduce(graph, this.collective, this.messages);
    const set = variables.map(({ variable, read }) => assignVariable(graph, variable, allReduce.ofFirst(read)));
    return after(graph, graph.scalar(1, 'float32'), set, 'sent');
  }
}
