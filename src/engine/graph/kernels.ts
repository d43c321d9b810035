/** @file The tfjs ops that a step uses, as nodes of a TensorFlow graph, with the shapes of their outputs. */
import tf from '../../base/tfjs.cjs';
import { STATELESS_UNIFORM } from '../../models/dropout.js';
import type { Attributes, Value } from './graph.js';
import { typed, type Kernel } from './kernel.js';
import { concat, gather, pack, pad, reshape, slice, tile, transpose } from './moves.js';
import { cast } from './variables.js';

/** An op on one tensor that keeps shape and dtype. */
const unary =
  (op: string): Kernel =>
  (graph, { x }) =>
    graph.add(op, [x!], typed(x!), x!);

/** A binary op that broadcasts. */
const binary =
  (op: string, isComparison = false): Kernel =>
  (graph, { a, b }) => {
    const shape = tf.broadcast_util.assertAndGetBroadcastShape([...a!.shape], [...b!.shape]);
    return graph.add(op, [a!, b!], typed(a!), { dtype: isComparison ? 'bool' : a!.dtype, shape });
  };

/** An op that reduces axes. */
const reduction =
  (op: string): Kernel =>
  (graph, { x }, attributes) => {
    const { axis, reductionIndices, keepDims } = attributes as {
      axis?: number | number[];
      reductionIndices?: number | number[];
      keepDims?: boolean;
    };
    const axes = tf.util.parseAxisParam((axis ?? reductionIndices)!, [...x!.shape]);
    const shape =
      keepDims === true
        ? x!.shape.map((size, i) => (axes.includes(i) ? 1 : size))
        : x!.shape.filter((_, i) => !axes.includes(i));
    return graph.add(
      op,
      [x!, graph.int32(axes)],
      { ...typed(x!), Tidx: { type: 'int32' }, keep_dims: { bool: keepDims === true } },
      { dtype: x!.dtype, shape },
    );
  };

/** Rank-2 products become `MatMul`, which has the fast kernels; those of higher rank `BatchMatMulV2`. */
const matMul: Kernel = (graph, { a, b }, attributes) => {
  const { transposeA, transposeB } = attributes as { transposeA: boolean; transposeB: boolean };
  const rank = a!.shape.length;
  const rows = a!.shape.at(transposeA ? -1 : -2)!;
  const columns = b!.shape.at(transposeB ? -2 : -1)!;
  // tfjs passes matrix products as batches of one
  const isPlain =
    a!.shape.slice(0, -2).every((size) => size === 1) && b!.shape.slice(0, -2).every((size) => size === 1);
  if (!isPlain) {
    const output = { dtype: a!.dtype, shape: [...a!.shape.slice(0, -2), rows, columns] };
    return graph.add(
      'BatchMatMulV2',
      [a!, b!],
      { ...typed(a!), adj_x: { bool: transposeA }, adj_y: { bool: transposeB } },
      output,
    );
  }
  const matrix = (value: Value): Value =>
    value.shape.length === 2 ? value : reshape(graph, value, value.shape.slice(-2));
  const product = graph.add(
    'MatMul',
    [matrix(a!), matrix(b!)],
    { ...typed(a!), transpose_a: { bool: transposeA }, transpose_b: { bool: transposeB } },
    { dtype: a!.dtype, shape: [rows, columns] },
  );
  return rank === 2 ? product : reshape(graph, product, [...a!.shape.slice(0, -2), rows, columns]);
};

const unsortedSegmentSum: Kernel = (graph, { x, segmentIds }, attributes) => {
  const { numSegments } = attributes as { numSegments: number };
  const types: Attributes = { ...typed(x!), Tindices: { type: 'int32' }, Tnumsegments: { type: 'int32' } };
  const output = { dtype: x!.dtype, shape: [numSegments, ...x!.shape.slice(segmentIds!.shape.length)] };
  return graph.add('UnsortedSegmentSum', [x!, segmentIds!, graph.scalar(numSegments, 'int32')], types, output);
};

const addN: Kernel = (graph, inputs) => {
  const parts = Object.values(inputs);
  return graph.add('AddN', parts, { ...typed(parts[0]!), N: { int: parts.length } }, parts[0]!);
};

const cumsum: Kernel = (graph, { x }, attributes) => {
  const { axis, exclusive, reverse } = attributes as { axis: number; exclusive: boolean; reverse: boolean };
  const settings: Attributes = {
    ...typed(x!),
    Tidx: { type: 'int32' },
    exclusive: { bool: exclusive },
    reverse: { bool: reverse },
  };
  return graph.add('Cumsum', [x!, graph.scalar(axis, 'int32')], settings, x!);
};

const argMax: Kernel = (graph, { x }, attributes) => {
  const { axis } = attributes as { axis: number };
  const shape = x!.shape.filter((_, i) => i !== axis);
  const types: Attributes = { ...typed(x!), Tidx: { type: 'int32' }, output_type: { type: 'int32' } };
  return graph.add('ArgMax', [x!, graph.scalar(axis, 'int32')], types, { dtype: 'int32', shape });
};

/** XLA would draw other numbers for the same seed, so it is told not to compile the op (`_XlaCompile`). */
const statelessUniform: Kernel = (graph, { seed }, attributes) => {
  const { shape } = attributes as { shape: number[] };
  const types: Attributes = { T: { type: 'int32' }, dtype: { type: 'float32' }, Tseed: { type: 'int32' } };
  const settings: Attributes = { ...types, _XlaCompile: { bool: false } };
  return graph.add(STATELESS_UNIFORM, [graph.int32(shape), seed!], settings, { dtype: 'float32', shape });
};

/** 1 where the input is above 0; TensorFlow has no op for it. */
const step: Kernel = (graph, { x }) => {
  const zero = graph.scalar(0, 'float32');
  return cast(graph, graph.add('Greater', [x!, zero], typed(x!), { dtype: 'bool', shape: x!.shape }), 'float32');
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
  Softmax: (graph, { logits }) => graph.add('Softmax', [logits!], typed(logits!), logits!),

  Sum: reduction('Sum'),
  Mean: reduction('Mean'),
  Max: reduction('Max'),
  ArgMax: argMax,
  Cumsum: cumsum,

  Identity: (_, { x }) => x!,
  Cast: (graph, { x }, attributes) => cast(graph, x!, (attributes as { dtype: Value['dtype'] }).dtype),
  Reshape: (graph, { x }, attributes) =>
    reshape(
      graph,
      x!,
      tf.util.inferFromImplicitShape((attributes as { shape: number[] }).shape, tf.util.sizeFromShape([...x!.shape])),
    ),
  ExpandDims: (graph, { input }, attributes) => {
    const { dim } = attributes as { dim: number };
    const at = dim < 0 ? input!.shape.length + 1 + dim : dim;
    return reshape(graph, input!, [...input!.shape.slice(0, at), 1, ...input!.shape.slice(at)]);
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
