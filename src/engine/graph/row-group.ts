/**
 * @file Groups of ops that one row loop (`native/row_loop.cc`) can compute: elementwise ops, and reductions over rows.
 *
 * The largest value of a group has `R` rows of `W` values. Every other value has rows of `W` values, or single numbers,
 * for each row of the largest (a mean), for all of them (a bias), or repeated (position embeddings).
 */
import { isDeepStrictEqual } from 'node:util';
import { sizeOf } from '../../base/shape.js';
import { ELEMENTWISE } from './elementwise.js';
import type { GraphFunction } from './functions.js';
import type { GraphNode } from './graph.js';
import { placeIn, rowsOf, type Place, type Space } from './row-places.js';

/** Elementwise ops that row loops lack. */
const LACKING: ReadonlySet<string> = new Set(['Pow']);
const REDUCTIONS: ReadonlySet<string> = new Set(['Sum', 'Mean', 'Max']);

/** Whether a row loop may compute an op, as far as its own output tells. */
export function isRowOp({ op, dtype, shape, attributes }: GraphNode): boolean {
  if (dtype !== 'float32' && dtype !== 'bfloat16' && dtype !== 'bool') return false;
  if (op === 'Cast' && dtype === 'bool') return false;
  if (!REDUCTIONS.has(op)) return ELEMENTWISE.has(op) && !LACKING.has(op);
  const keeps = attributes.keep_dims;
  return keeps !== undefined && 'bool' in keeps && keeps.bool && shape.at(-1) === 1;
}

/** Whether the values of two connected ops fit into one row loop: as many rows, or the same row for all. */
export function haveLikeRows(from: GraphNode, to: GraphNode): boolean {
  const [a, b] = [rowsOf(from.shape), rowsOf(to.shape)];
  const [v, w] = [from.shape.at(-1) ?? 1, to.shape.at(-1) ?? 1];
  return (a === b || a === 1) && (v === w || v === 1 || w === 1);
}

/** A value that an op reads, by its source: `argument:i`, or the name of the node that computes it. */
interface Operand {
  readonly source: string;
  readonly shape: readonly number[];
}

/** An op that a row loop computes. */
export interface Instruction {
  readonly node: GraphNode;
  /** The sources of what it reads. */
  readonly operands: readonly string[];
  /** Whether it is the same for all rows. */
  readonly isShared: boolean;
  readonly isArray: boolean;
  /** Whether other ops read it as bfloat16. */
  readonly isRounded: boolean;
}

/** A group as a row loop computes it. Values go by their sources. */
export interface RowGroup {
  readonly space: Space;
  readonly constants: ReadonlyMap<string, number>;
  readonly places: ReadonlyMap<string, Place>;
  readonly instructions: readonly Instruction[];
  /** The source of a node's value: itself, unless it is a reshaped or cast one. */
  readonly sourceOf: (name: string) => string;
}

const isRead = (name: string, nodes: readonly GraphNode[]): boolean =>
  nodes.some(({ inputs }) => inputs.includes(name));

/** Finds out how a row loop computes a group; undefined if it cannot. */
export function rowGroupOf(group: GraphFunction): RowGroup | undefined {
  const { inputs, nodes, outputs } = group;
  const space = spaceOf(group);
  const constants = constantsOf(nodes);
  if (constants === undefined) return undefined;
  const operands = operandsOf(group, constants);
  const operandOf = (name: string): Operand => operands.get(name)!;
  const computed = nodes.filter(({ name }) => operands.get(name)?.source === name && !constants.has(name));
  const reads = new Map(computed.map((node) => [node, takenBy(node).map(operandOf)]));
  const places = placesOf(reads, constants, space);
  const areRows = outputs.every((name) => rowsOf(operandOf(name).shape) === space.rows);
  if (places === undefined || !areRows || inputs.some((_, i) => !places.has(`argument:${i}`))) return undefined;
  const instructions = computed.map((node) => ({
    node,
    operands: reads.get(node)!.map(({ source }) => source),
    isShared: rowsOf(node.shape) !== space.rows,
    isArray: places.get(node.name)!.isArray,
    isRounded: node.dtype === 'bfloat16' && isRead(node.name, nodes),
  }));
  const found = { space, constants, places, instructions, sourceOf: (name: string) => operandOf(name).source };
  return isFlat(found) ? flattened(found) : found;
}

function spaceOf({ inputs, nodes }: GraphFunction): Space {
  const shapes = [...inputs, ...nodes].map(({ shape }) => shape);
  const largest = shapes.reduce((a, b) => (sizeOf(b) > sizeOf(a) ? b : a), []);
  return { rows: rowsOf(largest), width: largest.at(-1) ?? 1 };
}

/** Numbers by the names of their nodes; undefined if there are constants with different values. */
function constantsOf(nodes: readonly GraphNode[]): Map<string, number> | undefined {
  const constants = new Map<string, number>();
  for (const node of nodes) {
    if ((node.op !== 'Const' && node.op !== 'Fill') || node.dtype === 'int32') continue; // not an axis or a shape
    const value = uniformValue(node, nodes);
    if (value === undefined) return undefined;
    constants.set(node.name, value);
  }
  return constants;
}

/** What an op reads, without axes and shapes. */
function takenBy({ op, inputs }: GraphNode): readonly string[] {
  return op === 'Reshape' || REDUCTIONS.has(op) ? inputs.slice(0, 1) : inputs;
}

/** Arguments and nodes by their names; those without a value of their own have another's source. */
function operandsOf(group: GraphFunction, constants: ReadonlyMap<string, number>): Map<string, Operand> {
  const operands = new Map<string, Operand>(
    group.inputs.map(({ shape }, i) => [`argument:${i}`, { source: `argument:${i}`, shape }]),
  );
  for (const node of group.nodes) {
    const { name, shape, dtype } = node;
    if (constants.has(name)) operands.set(name, { source: name, shape: [] });
    else if (dtype !== 'int32') {
      const source = operands.get(node.inputs[0]!)?.source ?? name;
      operands.set(name, { source: isAlias(node, source, group) ? source : name, shape });
    }
  }
  return operands;
}

/**
 * Whether an op's value is its input's: a row loop computes in float32, rounds what is bfloat16 when it is computed,
 * and rounds again what it writes as bfloat16.
 *
 * @param source of its input
 */
function isAlias(node: GraphNode, source: string, { inputs, nodes }: GraphFunction): boolean {
  if (node.op === 'Reshape') return true;
  if (node.op !== 'Cast') return false;
  if (node.dtype === 'float32') return true;
  const isInput = source.startsWith('argument:');
  return !isRead(node.name, nodes) && !(isInput && inputs[Number(source.slice(9))]!.dtype !== 'float32');
}

/** The places of all values that are not constants; undefined if some do not fit into the loop. */
function placesOf(
  reads: ReadonlyMap<GraphNode, readonly Operand[]>,
  constants: ReadonlyMap<string, number>,
  space: Space,
): Map<string, Place> | undefined {
  const places = new Map<string, Place>();
  for (const [node, operands] of reads) {
    const isReduction = REDUCTIONS.has(node.op);
    const result = isReduction ? [...node.shape.slice(0, -1), space.width] : node.shape;
    for (const { source, shape } of operands) {
      if (constants.has(source)) continue;
      const place = placeIn(shape, result, space);
      const known = places.get(source) ?? place;
      if (place === undefined || !isDeepStrictEqual(known, place)) return undefined;
      if (isReduction && !place.isArray) return undefined;
      places.set(source, place);
    }
    const own = placeIn(node.shape, node.shape, space);
    if (own === undefined || (own.rows !== space.rows && own.rows !== 1)) return undefined;
    places.set(node.name, own);
  }
  return places;
}

/** The value of a constant whose values are all equal. */
function uniformValue(node: GraphNode, nodes: readonly GraphNode[]): number | undefined {
  if (node.op === 'Fill')
    return uniformValue(
      nodes.find(({ name }) => name === node.inputs[1])!,
      nodes,
    );
  const { value } = node.attributes;
  if (value === undefined || !('tensor' in value) || value.tensor.dtype !== 'float32') return undefined;
  const { buffer, byteOffset, byteLength } = value.tensor.content;
  const numbers = new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength));
  return numbers.every((number) => Object.is(number, numbers[0])) ? numbers[0] : undefined;
}

/** Whether a loop may take all rows for one: its values are arrays like the largest, or single numbers for all rows. */
function isFlat({ space, places, instructions }: RowGroup): boolean {
  return (
    instructions.every(({ node, isArray, isShared }) => !REDUCTIONS.has(node.op) && isArray !== isShared) &&
    [...places.values()].every(({ isArray, rows }) => rows === (isArray ? space.rows : 1))
  );
}

function flattened(group: RowGroup): RowGroup {
  const { rows, width } = group.space;
  const places = [...group.places].map(([name, { isArray }]) => [name, { isArray, rows: 1, terms: [] }] as const);
  return { ...group, places: new Map(places), space: { rows: 1, width: rows * width } };
}
