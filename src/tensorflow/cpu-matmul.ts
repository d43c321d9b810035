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
 * `out[r, c] = left[r, :] · right[c, :]`, two rows by four columns at a time, so that a value is read once for several
 * products. At the edges, the last row or column stands in for those that are missing.
 */
function multiplyRows(left: Float32Array, right: Float32Array, out: Float32Array, inner: number): void {
  const rows = left.length / inner;
  const columns = right.length / inner;
  for (let r0 = 0; r0 < rows; r0 += 2) {
    const r1 = Math.min(r0 + 1, rows - 1);
    for (let c0 = 0; c0 < columns; c0 += 4) {
      const c1 = Math.min(c0 + 1, columns - 1);
      const c2 = Math.min(c0 + 2, columns - 1);
      const c3 = Math.min(c0 + 3, columns - 1);
      let s00 = 0;
      let s01 = 0;
      let s02 = 0;
      let s03 = 0;
      let s10 = 0;
      let s11 = 0;
      let s12 = 0;
      let s13 = 0;
      for (let k = 0; k < inner; k++) {
        const a0 = left[r0 * inner + k]!;
        const a1 = left[r1 * inner + k]!;
        const b0 = right[c0 * inner + k]!;
        const b1 = right[c1 * inner + k]!;
        const b2 = right[c2 * inner + k]!;
        const b3 = right[c3 * inner + k]!;
        s00 += a0 * b0;
        s01 += a0 * b1;
        s02 += a0 * b2;
        s03 += a0 * b3;
        s10 += a1 * b0;
        s11 += a1 * b1;
        s12 += a1 * b2;
        s13 += a1 * b3;
      }
      out[r0 * columns + c0] = s00;
      out[r0 * columns + c1] = s01;
      out[r0 * columns + c2] = s02;
      out[r0 * columns + c3] = s03;
      out[r1 * columns + c0] = s10;
      out[r1 * columns + c1] = s11;
      out[r1 * columns + c2] = s12;
      out[r1 * columns + c3] = s13;
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
