/** @file The gradients that a step's micro-batches have accumulated so far, as variables of the graph. */
import tf from '../../base/tfjs.cjs';
import type { Gradients } from '../../distill/step.js';
import type { GraphNode } from './graph.js';
import type { Recording } from './recorder.js';
import { addToVariable, declareVariable, readVariable, zeroVariable, type Variable } from './variables.js';

/** Sums of gradients over micro-batches. */
export class GradientSums {
  private readonly variables: readonly (readonly [name: string, sum: Variable])[];

  /** @param like gradients of the same names and shapes */
  constructor(
    private readonly recording: Recording,
    like: Gradients,
  ) {
    this.variables = Object.entries(like).map(([name, { shape }]) => [
      name,
      declareVariable(recording.graph, `sum/${name}`, shape),
    ]);
  }

  /** Adds a micro-batch's gradients to the variables. Returns the nodes to run. */
  accumulate(gradients: Gradients): GraphNode[] {
    const { graph, value } = this.recording;
    return this.variables.map(([name, sum]) => addToVariable(graph, sum, value(gradients[name]!)));
  }

  /** The sums as they are when a session run begins. */
  read(): Gradients {
    const { graph, tensor } = this.recording;
    return Object.fromEntries(this.variables.map(([name, sum]) => [name, tensor(readVariable(graph, sum))]));
  }

  /** The sums plus one more micro-batch's gradients; the variables do not change. */
  plus(gradients: Gradients): Gradients {
    const sums = Object.entries(this.read());
    return Object.fromEntries(sums.map(([name, sum]) => [name, tf.add(gradients[name]!, sum)]));
  }

  /**
   * Sets the variables to zero. Returns the nodes to run.
   *
   * @param afterNodes names of nodes that must run first
   */
  clear(afterNodes: readonly string[] = []): GraphNode[] {
    return this.variables.map(([, sum]) => zeroVariable(this.recording.graph, sum, afterNodes));
  }
}
