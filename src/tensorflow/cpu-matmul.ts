/** @file Matrix products on tfjs's JavaScript backend. */
import tf from '../base/tfjs.cjs';
import { valuesOf, type CpuKernel } from './cpu-kernel.js';

/** Matrix products in batches of the same size: both factors are laid out as rows, so that contiguous rows multiply. */
export const matMul: CpuKernel = (cpu, { a, b }, attributes) => {
  if (a!.dtype !== 'float32' || b!.dtype !== 'float32') return undefined;
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
