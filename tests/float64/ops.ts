/** @file The ops of a recorded graph in float64: plain JavaScript, one value at a time. */
import { randomUniform } from '../../src/base/philox.js';
import type { GraphNode } from '../../src/engine/graph/graph.js';

/** Values in the order of `shape`, rows first. */
export interface Float64Tensor {
  readonly shape: readonly number[];
  readonly values: Float64Array;
}

/** What happens to the result of every addition, product and function. */
export type Round = (value: number) => number;

export const exactly: Round = (value) => value;

/** Draws uniform numbers of a shape, from the two numbers of a seed. */
export type Draw = (shape: readonly number[], seed: readonly [number, number]) => Float64Array;

/** As every backend does. */
export const drawn: Draw = (shape, seed) => Float64Array.from(randomUniform(sizeOf(shape), seed));

/**
 * A node's values from those of its inputs.
 *
 * @throws Error for an op that has no float64 form here
 */
export function compute(
  node: GraphNode,
  computed: ReadonlyMap<string, Float64Tensor>,
  round: Round,
  draw: Draw = drawn,
): Float64Tensor {
  const op = OPS[node.op];
  if (op === undefined) throw new Error(`${node.op} has no float64 form`);
  const inputs = node.inputs.map((name) => computed.get(name)!);
  const values = op(node, inputs, node.dtype === 'float32' ? round : exactly, draw); // integers are exact
  if (values.length !== sizeOf(node.shape))
    throw new Error(`${node.op}: ${values.length} values for [${node.shape.join()}]`);
  return { shape: node.shape, values };
}

type Op = (node: GraphNode, inputs: readonly Float64Tensor[], round: Round, draw: Draw) => Float64Array;

const sizeOf = (shape: readonly number[]): number => shape.reduce((size, side) => size * side, 1);

/** How far apart the values of one axis lie, for each axis. */
function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  for (let axis = shape.length - 1, stride = 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis];
  }
  return strides;
}

/** The place of a value along each axis. */
function placeOf(index: number, strides: readonly number[]): number[] {
  return strides.map((stride) => {
    const place = Math.floor(index / stride);
    index -= place * stride;
    return place;
  });
}

/** Every value of the output from its place. */
function byPlace(shape: readonly number[], value: (place: number[]) => number): Float64Array {
  const strides = stridesOf(shape);
  return Float64Array.from({ length: sizeOf(shape) }, (_, i) => value(placeOf(i, strides)));
}

const indexOf = (place: readonly number[], strides: readonly number[]): number =>
  place.reduce((index, at, axis) => index + at * strides[axis], 0);

const unary =
  (f: (x: number) => number): Op =>
  (_, [{ values }], round) =>
    values.map((value) => round(f(value)));

/** A function of values at one place, of inputs that broadcast. */
const elementwise =
  (f: (...values: number[]) => number): Op =>
  ({ shape }, inputs, round) => {
    const all = inputs.map((input) => broadcast(input, shape));
    const [a, b, c] = all;
    if (all.length === 2) return a.map((value, i) => round(f(value, b[i])));
    return a.map((value, i) => round(f(value, b[i], c[i])));
  };

/** The values that an input has at every place of a larger shape. */
function broadcast({ shape: own, values }: Float64Tensor, shape: readonly number[]): Float64Array {
  if (values.length === sizeOf(shape)) return values;
  const strides = stridesOf(own).map((stride, axis) => (own[axis] === 1 ? 0 : stride));
  return byPlace(shape, (place) => values[indexOf(place.slice(place.length - own.length), strides)]);
}

/** Folds the axes that the second input names. */
const reduction =
  (fold: (values: readonly number[], round: Round) => number): Op =>
  ({ shape }, [x, axes], round) => {
    const folded = new Set(axes.values);
    const strides = stridesOf(x.shape);
    const groups = Array.from({ length: sizeOf(shape) }, (): number[] => []);
    const kept = x.shape.map((size, axis) => (folded.has(axis) ? 1 : size));
    const keptStrides = stridesOf(kept).map((stride, axis) => (folded.has(axis) ? 0 : stride));
    for (const [i, value] of x.values.entries()) groups[indexOf(placeOf(i, strides), keptStrides)].push(value);
    return Float64Array.from(groups, (group) => fold(group, round));
  };

const sum = (values: Iterable<number>, round: Round): number => {
  let total = 0;
  for (const value of values) total = round(total + value);
  return total;
};

const isSet = ({ attributes }: GraphNode, name: string): boolean => {
  const attribute = attributes[name];
  return 'bool' in attribute && attribute.bool;
};

/** Products of matrices, those of higher rank one by one. */
function product(
  [a, b]: readonly Float64Tensor[],
  transposeA: boolean,
  transposeB: boolean,
  round: Round,
): Float64Array {
  const [aRows, aColumns] = a.shape.slice(-2);
  const [bRows, bColumns] = b.shape.slice(-2);
  const [rows, inner] = transposeA ? [aColumns, aRows] : [aRows, aColumns];
  const columns = transposeB ? bRows : bColumns;
  const count = sizeOf(a.shape.slice(0, -2));
  const values = new Float64Array(count * rows * columns);
  for (let matrix = 0; matrix < count; matrix++) {
    const [aStart, bStart] = [matrix * aRows * aColumns, matrix * bRows * bColumns];
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++) {
        let total = 0;
        for (let k = 0; k < inner; k++) {
          const left = a.values[aStart + (transposeA ? k * aColumns + row : row * aColumns + k)];
          const right = b.values[bStart + (transposeB ? column * bColumns + k : k * bColumns + column)];
          total = round(total + round(left * right));
        }
        values[(matrix * rows + row) * columns + column] = total;
      }
  }
  return values;
}

/** Along the last axis. */
function softmax({ shape, values }: Float64Tensor, round: Round): Float64Array {
  const width = shape.at(-1)!;
  const result = new Float64Array(values.length);
  for (let start = 0; start < values.length; start += width) {
    const row = values.subarray(start, start + width);
    const largest = Math.max(...row);
    const powers = row.map((value) => round(Math.exp(round(value - largest))));
    const total = sum(powers, round);
    result.set(
      powers.map((power) => round(power / total)),
      start,
    );
  }
  return result;
}

/**
 * The error function to float64's precision: its Taylor series near 0 (Abramowitz and Stegun 7.1.5), the continued
 * fraction of its complement beyond (7.1.14).
 */
export function erf(x: number): number {
  const size = Math.abs(x);
  if (size > 6) return Math.sign(x);
  if (size < 2.5) {
    let [term, total] = [x, x];
    for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(total); n++) {
      term *= -(x * x) / n;
      total += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * total;
  }
  let fraction = 0;
  for (let n = 120; n > 0; n--) fraction = n / 2 / (size + fraction);
  return Math.sign(x) * (1 - Math.exp(-x * x) / Math.sqrt(Math.PI) / (size + fraction));
}

function constant({ attributes }: GraphNode): Float64Array {
  if (!('tensor' in attributes.value)) throw new Error('a constant without values');
  const { content, dtype } = attributes.value.tensor;
  const bytes = Uint8Array.from(content).buffer;
  if (dtype === 'float32') return Float64Array.from(new Float32Array(bytes));
  return Float64Array.from(dtype === 'int32' ? new Int32Array(bytes) : new Uint8Array(bytes));
}

function concatenated(node: GraphNode, inputs: readonly Float64Tensor[]): Float64Array {
  const axis = inputs.at(-1)!.values[0];
  const parts = inputs.slice(0, -1);
  return byPlace(node.shape, (place) => {
    let at = place[axis];
    for (const { shape, values } of parts) {
      if (at < shape[axis]) return values[indexOf(place.with(axis, at), stridesOf(shape))];
      at -= shape[axis];
    }
    throw new Error('a place beyond all parts');
  });
}

function packed(node: GraphNode, parts: readonly Float64Tensor[]): Float64Array {
  const { axis } = node.attributes;
  if (!('int' in axis)) throw new Error('Pack without an axis');
  return byPlace(node.shape, (place) => {
    const { shape, values } = parts[place[axis.int]];
    return values[indexOf(place.toSpliced(axis.int, 1), stridesOf(shape))];
  });
}

function gathered(
  node: GraphNode,
  [
    x,
    indices,
    {
      values: [axis],
    },
  ]: readonly Float64Tensor[],
): Float64Array {
  const rank = indices.shape.length;
  return byPlace(node.shape, (place) => {
    const row = indices.values[indexOf(place.slice(axis, axis + rank), stridesOf(indices.shape))];
    return x.values[indexOf(place.toSpliced(axis, rank, row), stridesOf(x.shape))];
  });
}

function segmentSums(node: GraphNode, [x, segments]: readonly Float64Tensor[], round: Round): Float64Array {
  const width = sizeOf(node.shape.slice(1));
  const sums = new Float64Array(sizeOf(node.shape));
  for (const [row, segment] of segments.values.entries()) {
    if (segment < 0) continue;
    for (let i = 0; i < width; i++)
      sums[segment * width + i] = round(sums[segment * width + i] + x.values[row * width + i]);
  }
  return sums;
}

function cumulative(
  node: GraphNode,
  [
    x,
    {
      values: [axis],
    },
  ]: readonly Float64Tensor[],
): Float64Array {
  if (isSet(node, 'exclusive') || isSet(node, 'reverse')) throw new Error('Cumsum of another kind');
  const strides = stridesOf(x.shape);
  const sums = x.values.slice();
  for (const i of sums.keys()) if (placeOf(i, strides)[axis] > 0) sums[i] += sums[i - strides[axis]];
  return sums;
}

const OPS: Readonly<Record<string, Op>> = {
  Const: constant,
  Fill: ({ shape }, [, value]) => new Float64Array(sizeOf(shape)).fill(value.values[0]),
  ZerosLike: ({ shape }) => new Float64Array(sizeOf(shape)),
  OnesLike: ({ shape }) => new Float64Array(sizeOf(shape)).fill(1),

  StatelessRandomUniform: ({ shape }, [, { values }], _, draw) => draw(shape, [values[0], values[1]]),

  AddV2: elementwise((a, b) => a + b),
  Sub: elementwise((a, b) => a - b),
  Mul: elementwise((a, b) => a * b),
  RealDiv: elementwise((a, b) => a / b),
  SquaredDifference: elementwise((a, b) => (a - b) ** 2),
  Maximum: elementwise(Math.max),
  Minimum: elementwise(Math.min),
  Pow: elementwise((a, b) => a ** b),
  Equal: elementwise((a, b) => Number(a === b)),
  NotEqual: elementwise((a, b) => Number(a !== b)),
  Greater: elementwise((a, b) => Number(a > b)),
  GreaterEqual: elementwise((a, b) => Number(a >= b)),
  Less: elementwise((a, b) => Number(a < b)),
  LessEqual: elementwise((a, b) => Number(a <= b)),

  Square: unary((x) => x * x),
  Sqrt: unary(Math.sqrt),
  Rsqrt: unary((x) => 1 / Math.sqrt(x)),
  Exp: unary(Math.exp),
  Erf: unary(erf),
  Sigmoid: unary((x) => 1 / (1 + Math.exp(-x))),
  Tanh: unary(Math.tanh),
  Neg: unary((x) => -x),
  Abs: unary(Math.abs),
  Relu: unary((x) => Math.max(x, 0)),
  Cast: ({ dtype }, [{ values }]) => (dtype === 'float32' ? values : values.map(Math.trunc)),

  AddN: (_, parts, round) =>
    parts[0].values.map((_value, i) =>
      sum(
        parts.map(({ values }) => values[i]),
        round,
      ),
    ),
  Sum: reduction(sum),
  Mean: reduction((values, round) => round(sum(values, round) / values.length)),
  Max: reduction((values) => Math.max(...values)),
  Cumsum: cumulative,
  ArgMax: (
    { shape },
    [
      x,
      {
        values: [axis],
      },
    ],
  ) => {
    const strides = stridesOf(x.shape);
    return byPlace(shape, (place) => {
      const start = indexOf(place.toSpliced(axis, 0, 0), strides);
      const along = Array.from({ length: x.shape[axis] }, (_, i) => x.values[start + i * strides[axis]]);
      return along.indexOf(Math.max(...along));
    });
  },
  Softmax: (_, [x], round) => softmax(x, round),
  MatMul: (node, inputs, round) => product(inputs, isSet(node, 'transpose_a'), isSet(node, 'transpose_b'), round),
  BatchMatMulV2: (node, inputs, round) => product(inputs, isSet(node, 'adj_x'), isSet(node, 'adj_y'), round),
  UnsortedSegmentSum: segmentSums,

  Reshape: (_, [{ values }]) => values,
  Transpose: ({ shape }, [x, { values: order }]) => {
    const strides = Array.from(order, (axis) => stridesOf(x.shape)[axis]);
    return byPlace(shape, (place) => x.values[indexOf(place, strides)]);
  },
  Slice: ({ shape }, [x, { values: begin }]) => {
    const strides = stridesOf(x.shape);
    const start = indexOf([...begin], strides);
    return byPlace(shape, (place) => x.values[start + indexOf(place, strides)]);
  },
  PadV2: (
    { shape },
    [
      x,
      { values: widths },
      {
        values: [border],
      },
    ],
  ) => {
    const strides = stridesOf(x.shape);
    return byPlace(shape, (place) => {
      const inside = place.map((at, axis) => at - widths[2 * axis]);
      const isInside = inside.every((at, axis) => at >= 0 && at < x.shape[axis]);
      return isInside ? x.values[indexOf(inside, strides)] : border;
    });
  },
  Tile: ({ shape }, [x]) =>
    byPlace(shape, (place) => {
      const inside = place.map((at, axis) => at % x.shape[axis]);
      return x.values[indexOf(inside, stridesOf(x.shape))];
    }),
  ConcatV2: concatenated,
  Pack: packed,
  GatherV2: gathered,
  SelectV2: elementwise((condition, yes, no) => (condition === 0 ? no : yes)),
};
