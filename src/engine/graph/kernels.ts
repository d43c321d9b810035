/** @file The ops of tfjs that a step uses, as nodes of a TensorFlow graph, with the shapes of their outputs. */
import * as tf from '@tensorflow/tfjs-core';
import { STATELESS_UNIFORM } from '../../models/dropout.js';
import type { Attributes, Graph, GraphNode, Value } from './graph.js';
import { cast } from './variables.js';

/** A value with the shape that tfjs sees it in. */
export type RecordedTensor = Value;

type Inputs = Readonly<Record<string, RecordedTensor>>;
/** Attributes come from tfjs untyped; each kernel names the ones it reads. */
type Kernel = (graph: Graph, inputs: Inputs, attributes: object) => Value;

const typed = (value: Value): Attributes => ({ T: { type: value.dtype } });

/** An op on one tensor that keeps shape and dtype. */
const unary = (op: string): Kernel => (graph, { x }) => graph.add(op, [x], typed(x), x);

/** An op on two tensors that broadcast. */
const binary = (op: string, isComparison = false): Kernel => (graph, { a, b }) => {
  const shape = tf.broadcast_util.assertAndGetBroadcastShape([...a.shape], [...b.shape]);
  return graph.add(op, [a, b], typed(a), { dtype: isComparison ? 'bool' : a.dtype, shape });
};

/** An op that folds axes away. */
const reduction = (op: string): Kernel => (graph, { x }, attributes) => {
  const { axis, reductionIndices, keepDims } = attributes as { axis?: number | number[]; reductionIndices?: number | number[]; keepDims?: boolean };
  const axes = tf.util.parseAxisParam((axis ?? reductionIndices)!, [...x.shape]);
  const shape = keepDims === true ? x.shape.map((size, i) => (axes.includes(i) ? 1 : size)) : x.shape.filter((_, i) => !axes.includes(i));
  return graph.add(op, [x, graph.int32(axes)], { ...typed(x), Tidx: { type: 'int32' }, keep_dims: { bool: keepDims === true } }, { dtype: x.dtype, shape });
};

function reshape(graph: Graph, x: Value, shape: readonly number[]): GraphNode {
  return graph.add('Reshape', [x, graph.int32(shape)], { ...typed(x), Tshape: { type: 'int32' } }, { dtype: x.dtype, shape });
}

/** Rank-2 products become `MatMul`, which has the fast kernels; of higher rank `BatchMatMulV2`. */
const matMul: Kernel = (graph, { a, b }, attributes) => {
  const { transposeA, transposeB } = attributes as { transposeA: boolean; transposeB: boolean };
  const rank = a.shape.length;
  const rows = a.shape.at(transposeA ? -1 : -2)!;
  const columns = b.shape.at(transposeB ? -2 : -1)!;
  // tfjs hands products of matrices over as batches of one
  const isPlain = a.shape.slice(0, -2).every((size) => size === 1) && b.shape.slice(0, -2).every((size) => size === 1);
  if (!isPlain) {
    const output = { dtype: a.dtype, shape: [...a.shape.slice(0, -2), rows, columns] };
    return graph.add('BatchMatMulV2', [a, b], { ...typed(a), adj_x: { bool: transposeA }, adj_y: { bool: transposeB } }, output);
  }
  const matrix = (value: Value): Value => (value.shape.length === 2 ? value : reshape(graph, value, value.shape.slice(-2)));
  const product = graph.add(
    'MatMul', [matrix(a), matrix(b)],
    { ...typed(a), transpose_a: { bool: transposeA }, transpose_b: { bool: transposeB } },
    { dtype: a.dtype, shape: [rows, columns] },
  );
  return rank === 2 ? product : reshape(graph, product, [...a.shape.slice(0, -2), rows, columns]);
};

const gather: Kernel = (graph, { x, indices }, attributes) => {
  const { axis } = attributes as { axis: number };
  const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
  const types: Attributes = { Tparams: { type: x.dtype }, Tindices: { type: 'int32' }, Taxis: { type: 'int32' } };
  return graph.add('GatherV2', [x, indices, graph.scalar(axis, 'int32')], types, { dtype: x.dtype, shape });
};

const unsortedSegmentSum: Kernel = (graph, { x, segmentIds }, attributes) => {
  const { numSegments } = attributes as { numSegments: number };
  const types: Attributes = { ...typed(x), Tindices: { type: 'int32' }, Tnumsegments: { type: 'int32' } };
  const output = { dtype: x.dtype, shape: [numSegments, ...x.shape.slice(segmentIds.shape.length)] };
  return graph.add('UnsortedSegmentSum', [x, segmentIds, graph.scalar(numSegments, 'int32')], types, output);
};

const slice: Kernel = (graph, { x }, attributes) => {
  const { begin, size } = attributes as { begin: number[]; size: number[] };
  const shape = size.map((length, i) => (length === -1 ? x.shape[i] - begin[i] : length));
  return graph.add('Slice', [x, graph.int32(begin), graph.int32(shape)], { ...typed(x), Index: { type: 'int32' } }, { dtype: x.dtype, shape });
};

const pad: Kernel = (graph, { x }, attributes) => {
  const { paddings, constantValue } = attributes as { paddings: [number, number][]; constantValue: number };
  const shape = x.shape.map((size, i) => size + paddings[i][0] + paddings[i][1]);
  const widths = graph.constant(paddings.flat(), [paddings.length, 2], 'int32');
  const value = graph.scalar(constantValue, x.dtype as 'float32');
  return graph.add('PadV2', [x, widths, value], { ...typed(x), Tpaddings: { type: 'int32' } }, { dtype: x.dtype, shape });
};

const concat: Kernel = (graph, inputs, attributes) => {
  const { axis } = attributes as { axis: number };
  const parts = Object.values(inputs);
  const shape = parts[0].shape.map((size, i) => (i === axis ? parts.reduce((sum, part) => sum + part.shape[axis], 0) : size));
  const types: Attributes = { ...typed(parts[0]), N: { int: parts.length }, Tidx: { type: 'int32' } };
  return graph.add('ConcatV2', [...parts, graph.scalar(axis, 'int32')], types, { dtype: parts[0].dtype, shape });
};

const pack: Kernel = (graph, inputs, attributes) => {
  const { axis } = attributes as { axis: number };
  const parts = Object.values(inputs);
  const shape = [...parts[0].shape.slice(0, axis), parts.length, ...parts[0].shape.slice(axis)];
  return graph.add('Pack', parts, { ...typed(parts[0]), N: { int: parts.length }, axis: { int: axis } }, { dtype: parts[0].dtype, shape });
};

const addN: Kernel = (graph, inputs) => {
  const parts = Object.values(inputs);
  return graph.add('AddN', parts, { ...typed(parts[0]), N: { int: parts.length } }, parts[0]);
};

const tile: Kernel = (graph, { x }, attributes) => {
  const { reps } = attributes as { reps: number[] };
  const shape = x.shape.map((size, i) => size * reps[i]);
  return graph.add('Tile', [x, graph.int32(reps)], { ...typed(x), Tmultiples: { type: 'int32' } }, { dtype: x.dtype, shape });
};

const transpose: Kernel = (graph, { x }, attributes) => {
  const { perm } = attributes as { perm: number[] };
  const shape = perm.map((axis) => x.shape[axis]);
  return graph.add('Transpose', [x, graph.int32(perm)], { ...typed(x), Tperm: { type: 'int32' } }, { dtype: x.dtype, shape });
};

const cumsum: Kernel = (graph, { x }, attributes) => {
  const { axis, exclusive, reverse } = attributes as { axis: number; exclusive: boolean; reverse: boolean };
  const settings: Attributes = { ...typed(x), Tidx: { type: 'int32' }, exclusive: { bool: exclusive }, reverse: { bool: reverse } };
  return graph.add('Cumsum', [x, graph.scalar(axis, 'int32')], settings, x);
};

const argMax: Kernel = (graph, { x }, attributes) => {
  const { axis } = attributes as { axis: number };
  const shape = x.shape.filter((_, i) => i !== axis);
  const types: Attributes = { ...typed(x), Tidx: { type: 'int32' }, output_type: { type: 'int32' } };
  return graph.add('ArgMax', [x, graph.scalar(axis, 'int32')], types, { dtype: 'int32', shape });
};

const statelessUniform: Kernel = (graph, { seed }, attributes) => {
  const { shape } = attributes as { shape: number[] };
  const types: Attributes = { T: { type: 'int32' }, dtype: { type: 'float32' }, Tseed: { type: 'int32' } };
  return graph.add(STATELESS_UNIFORM, [graph.int32(shape), seed], types, { dtype: 'float32', shape });
};

/** 1 where the input is above 0: TensorFlow has no op of its own for it. */
const step: Kernel = (graph, { x }) => {
  const zero = graph.scalar(0, 'float32');
  return cast(graph, graph.add('Greater', [x, zero], typed(x), { dtype: 'bool', shape: x.shape }), 'float32');
};

/** Recorded forms by the names of tfjs's kernels. */
export const RECORDED_KERNELS: Readonly<Record<string, Kernel>> = {
  Add: binary('AddV2'),
  Sub: binary('Sub'),
  Multiply: binary('Mul'),
  RealDiv: binary('RealDiv'),
  SquaredDifference: binary('SquaredDifference'),
  Maximum: binary('Maximum'),
  Minimum: binary('Minimum'),
  Pow: binary('Pow'),
  Equal: binary('Equal', true),
  NotEqual: binary('NotEqual', true),
  Greater: binary('Greater', true),
  GreaterEqual: binary('GreaterEqual', true),
  Less: binary('Less', true),
  LessEqual: binary('LessEqual', true),

  Square: unary('Square'),
  Sqrt: unary('Sqrt'),
  Rsqrt: unary('Rsqrt'),
  Exp: unary('Exp'),
  Erf: unary('Erf'),
  Sigmoid: unary('Sigmoid'),
  Tanh: unary('Tanh'),
  Neg: unary('Neg'),
  Abs: unary('Abs'),
  Relu: unary('Relu'),
  ZerosLike: unary('ZerosLike'),
  OnesLike: unary('OnesLike'),
  Step: step,
  Softmax: (graph, { logits }) => graph.add('Softmax', [logits], typed(logits), logits),

  Sum: reduction('Sum'),
  Mean: reduction('Mean'),
  Max: reduction('Max'),
  ArgMax: argMax,
  Cumsum: cumsum,

  Identity: (_, { x }) => x,
  Cast: (graph, { x }, attributes) => cast(graph, x, (attributes as { dtype: Value['dtype'] }).dtype),
  Reshape: (graph, { x }, attributes) =>
    reshape(graph, x, tf.util.inferFromImplicitShape((attributes as { shape: number[] }).shape, tf.util.sizeFromShape([...x.shape]))),
  ExpandDims: (graph, { input }, attributes) => {
    const { dim } = attributes as { dim: number };
    const at = dim < 0 ? input.shape.length + 1 + dim : dim;
    return reshape(graph, input, [...input.shape.slice(0, at), 1, ...input.shape.slice(at)]);
  },
  Transpose: transpose,
  Slice: slice,
  PadV2: pad,
  Concat: concat,
  Pack: pack,
  AddN: addN,
  Tile: tile,
  Fill: (graph, _, attributes) => {
    const { shape, value, dtype } = attributes as { shape: number[]; value: number; dtype?: 'float32' | 'int32' };
    return graph.fill(value, shape, dtype ?? 'float32');
  },

  BatchMatMul: matMul,
  GatherV2: gather,
  UnsortedSegmentSum: unsortedSegmentSum,
  [STATELESS_UNIFORM]: statelessUniform,
};
