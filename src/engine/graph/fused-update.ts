/** @file AdamW for a parameter as one op (`native/adamw.cc`), which reads and writes memory once. */
import { adamWRates } from '../../distill/adamw.js';
import type { OptimizerName } from '../../distill/choices.js';
import { outputOf, type Attributes, type Graph, type GraphNode, type Value } from './graph.js';

/** The op that updates a parameter and its moments. */
export const FUSED_ADAMW = 'KdAdamW';
/** The index of the gradient among its inputs. The gradient may be bfloat16. */
export const GRADIENT_INPUT = 3;

/** What a parameter is updated with. */
export interface FusedUpdateInputs {
  /** The parameter and its first and second moments. */
  readonly kept: readonly [Value, Value, Value];
  readonly gradient: Value;
  /** What the gradient is multiplied by; absent: 1. `[]` */
  readonly factor: Value | undefined;
  readonly stepSize: Value;
  readonly correction: Value;
  /** Absent if weight decay does not apply to the parameter. `[]` */
  readonly decay: Value | undefined;
  /** Whether to update anything. `[]` bool */
  readonly applies: Value;
}

/** Adds the update of a parameter and returns its new values and those of its moments, as in `adamWUpdate`. */
export function fusedUpdate(graph: Graph, optimizer: OptimizerName, inputs: FusedUpdateInputs): Value[] {
  const { kept, gradient, factor, stepSize, correction, decay, applies } = inputs;
  const node = graph.add(
    FUSED_ADAMW,
    [
      ...[...kept, gradient, factor ?? graph.scalar(1, 'float32'), stepSize, correction],
      ...[decay ?? graph.scalar(0, 'float32'), applies],
    ],
    attributesOf(optimizer),
    kept.map(({ dtype, shape }) => ({ dtype, shape })),
  );
  return kept.map((_, i) => outputOf(node, i));
}

/** The update, told that its gradient is bfloat16. */
export function withBfloat16Gradient(node: GraphNode): GraphNode {
  return { ...node, attributes: { ...node.attributes, Tgradient: { type: 'bfloat16' } } };
}

function attributesOf(optimizer: OptimizerName): Attributes {
  const rates = adamWRates(optimizer);
  return {
    Tgradient: { type: 'float32' },
    kept_first: { float: rates.keptFirst },
    taken_first: { float: rates.takenFirst },
    kept_second: { float: rates.keptSecond },
    taken_second: { float: rates.takenSecond },
    epsilon: { float: rates.epsilon },
    decays_first: { bool: rates.decaysFirst },
  };
}
