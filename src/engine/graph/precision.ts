/**
 * @file A pass over a recorded graph that lowers products to bfloat16.
 *
 * Products are computed in bfloat16, and so are moves and bias additions between them (transposes, slices and so on).
 * Everything else stays in float32: variables, LayerNorm, softmax, activations, reductions, the loss and the optimiser.
 * Casts connect the two, one for each consumer, so that each becomes part of the loop that reads it, and values kept
 * for the backward pass are kept in bfloat16. What a loop computes is cast in that loop, once for all products that
 * read it.
 */
import { ELEMENTWISE } from './elementwise.js';
import { FUSED_ADAMW, GRADIENT_INPUT, withBfloat16Gradient } from './fused-update.js';
import type { Attributes, GraphNode } from './graph.js';

const PRODUCTS = new Set(['MatMul', 'BatchMatMulV2']);

/** Ops that move values without changing them. */
const MOVES = new Set(['Reshape', 'Transpose', 'Slice', 'ConcatV2']);

/**
 * The graph with its products in bfloat16. Node names do not change, so feeds and fetches stay valid.
 *
 * @param ofVariables `rows`: rows are gathered from bfloat16 variables before they are cast, which older versions of
 *   TensorFlow cannot do on a GPU; absent: the whole variable is cast
 */
export function toBfloat16(nodes: readonly GraphNode[], ofVariables?: 'rows'): GraphNode[] {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const lowered = lowerable(nodes, byName, ofVariables === 'rows');
  const casts = new Map<string, GraphNode>();
  const sharesWeights = ofVariables === 'rows';
  const rewritten = nodes.map((node) => {
    if (node.dtype === 'bfloat16' || isWidening(node)) return node; // a bfloat16 variable
    const wants = lowered.has(node.name) ? 'bfloat16' : 'float32';
    const gradient = node.op === FUSED_ADAMW ? node.inputs[GRADIENT_INPUT]! : undefined;
    const takesBfloat16 = gradient !== undefined && lowered.has(gradient);
    const inputs = node.inputs.map((name) => {
      const input = byName.get(name);
      if (input === undefined || (input.dtype !== 'float32' && input.dtype !== 'bfloat16')) return name;
      const source = isWidening(input) ? byName.get(input.inputs[0]!)! : input;
      const has = lowered.has(source.name) ? 'bfloat16' : source.dtype;
      if (has === wants || (takesBfloat16 && name === gradient)) return source.name;
      const isShared = isCastInItsLoop(source, node) || (sharesWeights && isWeight(source, node));
      const cast: GraphNode = {
        name: `${isShared ? 'products' : node.name}/${source.name}/${wants}`.replaceAll(':', '_'),
        op: 'Cast',
        inputs: [source.name],
        // _reader keeps TensorFlow from merging equal casts into one that all consumers share
        attributes: { SrcT: { type: has }, DstT: { type: wants }, _reader: { text: isShared ? '' : node.name } },
        dtype: wants,
        shape: source.shape,
      };
      casts.set(cast.name, cast);
      return cast.name;
    });
    if (takesBfloat16) return withBfloat16Gradient({ ...node, inputs });
    return lowered.has(node.name)
      ? { ...node, inputs, attributes: retyped(node.attributes), dtype: 'bfloat16' as const }
      : { ...node, inputs };
  });
  return [...rewritten, ...casts.values()];
}

/** Whether a node only casts a bfloat16 variable to the dtype of the recording. */
function isWidening({ op, attributes }: GraphNode): boolean {
  return op === 'Cast' && 'type' in attributes.SrcT! && attributes.SrcT.type === 'bfloat16';
}

/** Whether a product reads what a loop computes: then the loop casts it for all products. */
function isCastInItsLoop(value: GraphNode, reader: GraphNode): boolean {
  return PRODUCTS.has(reader.op) && ELEMENTWISE.has(value.op);
}

/** Whether a product reads a variable: then one cast serves the forward and the backward pass. */
function isWeight({ op }: GraphNode, reader: GraphNode): boolean {
  return PRODUCTS.has(reader.op) && op === 'ReadVariableOp';
}

/** The names of the nodes to compute in bfloat16. */
function lowerable(
  nodes: readonly GraphNode[],
  byName: ReadonlyMap<string, GraphNode>,
  takesRows: boolean,
): Set<string> {
  const readers = new Map<string, GraphNode[]>();
  for (const node of nodes) for (const name of node.inputs) readers.set(name, [...(readers.get(name) ?? []), node]);

  const lowered = new Set<string>();
  for (const node of nodes) {
    if (node.dtype !== 'float32') continue;
    const isAfterLowered = lowered.has(node.inputs[0]!);
    if (
      PRODUCTS.has(node.op) ||
      (takesRows && isGatherOfVariable(node, byName)) ||
      (isAfterLowered && (MOVES.has(node.op) || isSmallStep(node, byName)))
    )
      lowered.add(node.name);
  }
  // Moves use bfloat16 too if all their consumers take it: that halves the data to move. Not moves of a variable: the
  // whole variable would be cast for each, and what is kept of it would no longer be float32.
  const ofVariables = movedOutOfVariables(nodes);
  for (const node of [...nodes].reverse()) {
    const all = readers.get(node.name) ?? [];
    if (ofVariables.has(node.name)) continue;
    if (node.dtype === 'float32' && MOVES.has(node.op) && all.length > 0 && all.every(({ name }) => lowered.has(name)))
      lowered.add(node.name);
  }
  return lowered;
}

/** The names of nodes that are a variable's values or parts of them, in any shape. */
function movedOutOfVariables(nodes: readonly GraphNode[]): Set<string> {
  const found = new Set<string>();
  for (const { name, op, inputs } of nodes)
    if (op === 'ReadVariableOp' || (MOVES.has(op) && found.has(inputs[0]!))) found.add(name);
  return found;
}

/** Whether a node gathers rows of a bfloat16 variable, so that only these rows need a cast. */
function isGatherOfVariable({ op, inputs }: GraphNode, byName: ReadonlyMap<string, GraphNode>): boolean {
  const table = byName.get(inputs[0]!);
  return op === 'GatherV2' && table !== undefined && isWidening(table);
}

/** Adding a bias, or scaling by a constant. */
function isSmallStep({ op, inputs }: GraphNode, byName: ReadonlyMap<string, GraphNode>): boolean {
  const other = byName.get(inputs[1]!);
  return (
    (op === 'AddV2' && other?.shape.length === 1) || (op === 'Mul' && other?.op === 'Const' && other.shape.length === 0)
  );
}

function retyped(attributes: Attributes): Attributes {
  return { ...attributes, ['Tparams' in attributes ? 'Tparams' : 'T']: { type: 'bfloat16' } };
}
