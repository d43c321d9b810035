/** @file Recorded ops that move values without computing. */
import type { Attributes, Graph, GraphNode, Value } from './graph.js';
import { typed, type Kernel } from './kernel.js';

/** The value in another shape of the same size. */
export function reshape(graph: Graph, x: Value, shape: readonly number[]): GraphNode {
  return graph.add(
    'Reshape',
    [x, graph.int32(shape)],
    { ...typed(x), Tshape: { type: 'int32' } },
    { dtype: x.dtype, shape },
  );
}

/** Rows by their indices. */
export const gather: Kernel = (graph, { x, indices }, attributes) => {
  const { axis } = attributes as { axis: number };
  const shape = [...x!.shape.slice(0, axis), ...indices!.shape, ...x!.shape.slice(axis + 1)];
  const types: Attributes = { Tparams: { type: x!.dtype }, Tindices: { type: 'int32' }, Taxis: { type: 'int32' } };
  return graph.add('GatherV2', [x!, indices!, graph.scalar(axis, 'int32')], types, { dtype: x!.dtype, shape });
};

/** A block of the value; a size of -1 means all that is left. */
export const slice: Kernel = (graph, { x }, attributes) => {
  const { begin, size } = attributes as { begin: number[]; size: number[] };
  const shape = size.map((length, i) => (length === -1 ? x!.shape[i]! - begin[i]! : length));
  return graph.add(
    'Slice',
    [x!, graph.int32(begin), graph.int32(shape)],
    { ...typed(x!), Index: { type: 'int32' } },
    { dtype: x!.dtype, shape },
  );
};

/** The value padded with a constant. */
export const pad: Kernel = (graph, { x }, attributes) => {
  const { paddings, constantValue } = attributes as { paddings: [number, number][]; constantValue: number };
  const shape = x!.shape.map((size, i) => size + paddings[i]![0] + paddings[i]![1]);
  const widths = graph.constant(paddings.flat(), [paddings.length, 2], 'int32');
  const value = graph.scalar(constantValue, x!.dtype as 'float32');
  return graph.add(
    'PadV2',
    [x!, widths, value],
    { ...typed(x!), Tpaddings: { type: 'int32' } },
    { dtype: x!.dtype, shape },
  );
};

/** Values concatenated along an axis. */
export const concat: Kernel = (graph, inputs, attributes) => {
  const { axis } = attributes as { axis: number };
  const parts = Object.values(inputs);
  const shape = parts[0]!.shape.map((size, i) =>
    i === axis ? parts.reduce((sum, part) => sum + part.shape[axis]!, 0) : size,
  );
  const types: Attributes = { ...typed(parts[0]!), N: { int: parts.length }, Tidx: { type: 'int32' } };
  return graph.add('ConcatV2', [...parts, graph.scalar(axis, 'int32')], types, { dtype: parts[0]!.dtype, shape });
};

/** Values stacked along a new axis. */
export const pack: Kernel = (graph, inputs, attributes) => {
  const { axis } = attributes as { axis: number };
  const parts = Object.values(inputs);
  const shape = [...parts[0]!.shape.slice(0, axis), parts.length, ...parts[0]!.shape.slice(axis)];
  return graph.add(
    'Pack',
    parts,
    { ...typed(parts[0]!), N: { int: parts.length }, axis: { int: axis } },
    { dtype: parts[0]!.dtype, shape },
  );
};

/** The value repeated along each axis. */
export const tile: Kernel = (graph, { x }, attributes) => {
  const { reps } = attributes as { reps: number[] };
  const shape = x!.shape.map((size, i) => size * reps[i]!);
  return graph.add(
    'Tile',
    [x!, graph.int32(reps)],
    { ...typed(x!), Tmultiples: { type: 'int32' } },
    { dtype: x!.dtype, shape },
  );
};

/** The value with its axes permuted. */
export const transpose: Kernel = (graph, { x }, attributes) => {
  const { perm } = attributes as { perm: number[] };
  const shape = perm.map((axis) => x!.shape[axis]!);
  return graph.add(
    'Transpose',
    [x!, graph.int32(perm)],
    { ...typed(x!), Tperm: { type: 'int32' } },
    { dtype: x!.dtype, shape },
  );
};
