/**
 * @file Kernels for tfjs's JavaScript backend: one that it lacks, and faster ones for those whose general form is too
 * slow for training. They handle float32 tensors of the shapes that models have; all others fall back to tfjs's own.
 */
import tf from '../base/tfjs.cjs';
import { STATELESS_UNIFORM } from '../models/dropout.js';
import { randomUniform } from '../base/philox.js';
import { ARITHMETIC } from './cpu-arithmetic.js';
import { registerCpuKernel, valuesOf, type CpuKernel } from './cpu-kernel.js';
import { matMul } from './cpu-matmul.js';

/** Registers the kernels, once. */
export function registerCpuKernels(): void {
  if (tf.getKernel(STATELESS_UNIFORM, 'cpu') !== undefined) return;
  const kernels: Readonly<Record<string, CpuKernel>> = {
    ...ARITHMETIC,
    [STATELESS_UNIFORM]: statelessUniform,
    [tf.UnsortedSegmentSum]: segmentSum,
    [tf.BatchMatMul]: matMul,
    [tf.Softmax]: softmax,
    [tf.Transpose]: transposeHeads,
  };
  for (const [name, kernel] of Object.entries(kernels)) registerCpuKernel(name, kernel);
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
