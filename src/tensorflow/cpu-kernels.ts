/**
 * @file Kernels for tfjs's JavaScript backend: one that it lacks, and faster ones for those whose general form is too
 * slow for training. They handle float32 tensors of the shapes that models have; all others fall back to tfjs's own.
 */
import tf from '../base/tfjs.cjs';
import { STATELESS_UNIFORM } from '../models/dropout.js';
import { randomUniform } from '../base/philox.js';

/** The part of tfjs's JavaScript backend used here; its class is not exported with types that fit `KernelFunc`. */
interface CpuBackend {
  readonly data: { get(id: object): { values: tf.TypedArray } };
  makeTensorInfo(shape: number[], dtype: tf.DataType, values: tf.TypedArray): tf.TensorInfo;
}

type CpuKernel = (
  cpu: CpuBackend,
  inputs: Readonly<Record<string, tf.TensorInfo>>,
  attributes: object,
) => tf.TensorInfo | undefined;

/** Registers the kernels, once. */
export function registerCpuKernels(): void {
  if (tf.getKernel(STATELESS_UNIFORM, 'cpu') !== undefined) return;
  register(STATELESS_UNIFORM, statelessUniform);
  register(tf.UnsortedSegmentSum, segmentSum);
  register(tf.BatchMatMul, matMul);
  register(
    tf.Add,
    elementwise((a, b, out) => {
      for (let i = 0; i < out.length; i++) out[i] = a[i]! + b[i]!;
    }),
  );
  register(
    tf.Sub,
    elementwise((a, b, out) => {
      for (let i = 0; i < out.length; i++) out[i] = a[i]! - b[i]!;
    }),
  );
  register(
    tf.Multiply,
    elementwise((a, b, out) => {
      for (let i = 0; i < out.length; i++) out[i] = a[i]! * b[i]!;
    }),
  );
  register(
    tf.RealDiv,
    elementwise((a, b, out) => {
      for (let i = 0; i < out.length; i++) out[i] = a[i]! / b[i]!;
    }),
  );
  register(tf.Softmax, softmax);
  register(tf.Transpose, transposeHeads);
}

/** Registers a kernel in front of tfjs's own, which gets the tensors that the kernel does not handle. */
function register(kernelName: string, kernel: CpuKernel): void {
  const general = tf.getKernel(kernelName, 'cpu')?.kernelFunc;
  if (general !== undefined) tf.unregisterKernel(kernelName, 'cpu');
  tf.registerKernel({
    kernelName,
    backendName: 'cpu',
    kernelFunc: (params) => {
      const { inputs, attrs, backend } = params;
      const result = kernel(backend as CpuBackend, inputs as Record<string, tf.TensorInfo>, attrs ?? {});
      if (result !== undefined) return result;
      if (general === undefined) throw new Error(`${kernelName}: no kernel for these tensors`);
      return general(params);
    },
  });
}

const statelessUniform: CpuKernel = (cpu, { seed }, attributes) => {
  const { shape } = attributes as { shape: number[] };
  const [place, step] = valuesOf(cpu, seed!);
  return cpu.makeTensorInfo(shape, 'float32', randomUniform(tf.util.sizeFromShape(shape), [place!, step!]));
};

/** `out[ids[i]] += x[i]`, rows of any shape; ids out of range are dropped, as negative ones are in TensorFlow. */
const segmentSum: CpuKernel = (cpu, { x, segmentIds }, attributes) => {
  const { numSegments } = attributes as { numSegments: number };
  const rows = tf.util.sizeFromShape(segmentIds!.shape);
  const width = tf.util.sizeFromShape(x!.shape) / rows;
  const [values, ids] = [valuesOf(cpu, x!), valuesOf(cpu, segmentIds!)];
  const sums = new Float32Array(numSegments * width);
  for (let row = 0; row < rows; row++) {
    const segment = ids[row]!;
    if (segment < 0 || segment >= numSegments) continue;
    for (let i = 0; i < width; i++) sums[segment * width + i]! += values[row * width + i]!;
  }
  return cpu.makeTensorInfo([numSegments, ...x!.shape.slice(segmentIds!.shape.length)], 'float32', sums);
};

/** Matrix products in batches of the same size: both factors are laid out as rows, so that contiguous rows multiply. */
const matMul: CpuKernel = (cpu, { a, b }, attributes) => {
  const { transposeA, transposeB } = attributes as { transposeA: boolean; transposeB: boolean };
  const batch = a!.shape.slice(0, -2);
  if (batch.join() !== b!.shape.slice(0, -2).join()) return undefined;
  const batches = tf.util.sizeFromShape(batch);
  const [rows, inner] = transposeA ? [a!.shape.at(-1)!, a!.shape.at(-2)!] : [a!.shape.at(-2)!, a!.shape.at(-1)!];
  const columns = b!.shape.at(transposeB ? -2 : -1)!;
  // [batches, rows, inner]
  const left = transposeA ? transposed(valuesOf(cpu, a!), batches, inner, rows) : valuesOf(cpu, a!);
  // [batches, columns, inner]
  const right = transposeB ? valuesOf(cpu, b!) : transposed(valuesOf(cpu, b!), batches, inner, columns);
  const out = new Float32Array(batches * rows * columns);
  for (let i = 0; i < batches; i++) {
    const at = (values: tf.TypedArray, size: number): Float32Array =>
      (values as Float32Array).subarray(i * size, (i + 1) * size);
    multiplyRows(at(left, rows * inner), at(right, columns * inner), at(out, rows * columns), inner);
  }
  return cpu.makeTensorInfo([...batch, rows, columns], 'float32', out);
};

/**
 * `out[r, c] = left[r, :] · right[c, :]`, four columns at a time, so that each value on the left is read once for four.
 */
function multiplyRows(left: Float32Array, right: Float32Array, out: Float32Array, inner: number): void {
  const columns = right.length / inner;
  const byFour = columns - (columns % 4);
  for (let row = 0, at = 0; row < left.length; row += inner) {
    for (let column = 0; column < byFour; column += 4) {
      const c0 = column * inner;
      const [c1, c2, c3] = [c0 + inner, c0 + 2 * inner, c0 + 3 * inner];
      let [s0, s1, s2, s3] = [0, 0, 0, 0];
      for (let k = 0; k < inner; k++) {
        const value = left[row + k]!;
        s0 += value * right[c0 + k]!;
        s1 += value * right[c1 + k]!;
        s2 += value * right[c2 + k]!;
        s3 += value * right[c3 + k]!;
      }
      out[at++] = s0;
      out[at++] = s1;
      out[at++] = s2;
      out[at++] = s3;
    }
    for (let column = byFour; column < columns; column++) {
      let sum = 0;
      for (let k = 0; k < inner; k++) sum += left[row + k]! * right[column * inner + k]!;
      out[at++] = sum;
    }
  }
}

/** `[batches, rows, columns] → [batches, columns, rows]` */
function transposed(values: tf.TypedArray, batches: number, rows: number, columns: number): Float32Array {
  const out = new Float32Array(values.length);
  for (let batch = 0; batch < batches; batch++) {
    const start = batch * rows * columns;
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++)
        out[start + column * rows + row] = values[start + row * columns + column]!;
    }
  }
  return out;
}

/** Softmax over the last axis. */
const softmax: CpuKernel = (cpu, { logits }) => {
  const values = valuesOf(cpu, logits!);
  const length = logits!.shape.at(-1)!;
  const out = new Float32Array(values.length);
  for (let row = 0; row < values.length; row += length) {
    let [max, sum] = [-Infinity, 0];
    for (let i = row; i < row + length; i++) max = Math.max(max, values[i]!);
    for (let i = row; i < row + length; i++) sum += out[i] = Math.exp(values[i]! - max);
    for (let i = row; i < row + length; i++) out[i]! /= sum;
  }
  return cpu.makeTensorInfo(logits!.shape, 'float32', out);
};

/** The transposition of attention, `[B, L, H, K] → [B, H, L, K]` and back: runs of `K` values move as one. */
const transposeHeads: CpuKernel = (cpu, { x }, attributes) => {
  const { perm } = attributes as { perm: number[] };
  if (perm.join() !== '0,2,1,3' || x!.dtype !== 'float32') return undefined;
  const [batch, rows, columns, run] = x!.shape as [number, number, number, number];
  const values = valuesOf(cpu, x!) as Float32Array;
  const out = new Float32Array(values.length);
  for (let i = 0, at = 0; i < batch; i++) {
    for (let column = 0; column < columns; column++) {
      for (let row = 0; row < rows; row++, at += run) {
        const from = ((i * rows + row) * columns + column) * run;
        for (let k = 0; k < run; k++) out[at + k] = values[from + k]!;
      }
    }
  }
  return cpu.makeTensorInfo([batch, columns, rows, run], 'float32', out);
};

/** An op on two float32 tensors of equal shape, or one of which is broadcast along the other's first or last axes. */
function elementwise(loop: (a: Float32Array, b: Float32Array, out: Float32Array) => void): CpuKernel {
  return (cpu, { a, b }) => {
    if (a!.dtype !== 'float32' || b!.dtype !== 'float32') return undefined;
    const shape = tf.broadcast_util.assertAndGetBroadcastShape(a!.shape, b!.shape);
    const [left, right] = [expanded(cpu, a!, shape), expanded(cpu, b!, shape)];
    if (left === undefined || right === undefined) return undefined;
    const out = new Float32Array(left.length);
    loop(left, right, out);
    return cpu.makeTensorInfo(shape, 'float32', out);
  };
}

/** A tensor's values broadcast to a larger shape; undefined if they would repeat along a middle axis. */
function expanded(cpu: CpuBackend, tensor: tf.TensorInfo, shape: readonly number[]): Float32Array | undefined {
  const values = valuesOf(cpu, tensor) as Float32Array;
  const size = tf.util.sizeFromShape([...shape]);
  if (values.length === size) return values;
  if (values.length === 1) return new Float32Array(size).fill(values[0]!);
  const own = tensor.shape;
  const first = own.findIndex((length) => length !== 1);
  const last = own.findLastIndex((length) => length !== 1);
  if (own.slice(first).join() === shape.slice(shape.length - (own.length - first)).join()) {
    const out = new Float32Array(size);
    for (let at = 0; at < size; at += values.length) out.set(values, at);
    return out;
  }
  if (own.length === shape.length && own.slice(0, last + 1).join() === shape.slice(0, last + 1).join()) {
    const out = new Float32Array(size);
    const run = size / values.length;
    for (let i = 0; i < values.length; i++) out.fill(values[i]!, i * run, (i + 1) * run);
    return out;
  }
  return undefined;
}

function valuesOf(cpu: CpuBackend, tensor: tf.TensorInfo): tf.TypedArray {
  return cpu.data.get(tensor.dataId).values;
}
