/** @file The four arithmetic operations on tfjs's JavaScript backend. */
import tf from '../base/tfjs.cjs';
import { valuesOf, type CpuBackend, type CpuKernel } from './cpu-kernel.js';

/** Kernels by the names of tfjs's. Each has a loop of its own, which JavaScript's compiler can optimise. */
export const ARITHMETIC: Readonly<Record<string, CpuKernel>> = {
  [tf.Add]: elementwise((a, b, out) => {
    for (let i = 0; i < out.length; i++) out[i] = a[i]! + b[i]!;
  }),
  [tf.Sub]: elementwise((a, b, out) => {
    for (let i = 0; i < out.length; i++) out[i] = a[i]! - b[i]!;
  }),
  [tf.Multiply]: elementwise((a, b, out) => {
    for (let i = 0; i < out.length; i++) out[i] = a[i]! * b[i]!;
  }),
  [tf.RealDiv]: elementwise((a, b, out) => {
    for (let i = 0; i < out.length; i++) out[i] = a[i]! / b[i]!;
  }),
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
