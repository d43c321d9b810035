import { describe, expect, it } from 'vitest';
import { freeGpuBytes, keptBytes, reservedBytes } from '../../src/tensorflow/gpu-memory.js';

const MEBIBYTE = 2 ** 20;
const CONTEXT = 0.3e9;

describe('the memory that tensors cannot have', () => {
  it.each([
    [6.1, 8e9, 500],
    [7, 16e9, 1050],
    [7.5, 4e9, 1050],
    [8.6, 12e9, 1536],
    [8.9, 24e9, 1536],
    [9, 80e9, 1800],
    [12, 32e9, 1800],
    [undefined, 80e9, 1800],
    [9, 2e9, 225],
  ])("is TensorFlow's at compute capability %s with %d bytes free", (capability, available, mebibytes) => {
    expect(keptBytes(available, capability)).toBe(mebibytes * MEBIBYTE);
  });

  it('includes the CUDA context, and is that of the newest GPUs if nothing is known', () => {
    expect(reservedBytes({ freeBytes: 11e9, totalBytes: 12e9, capability: 8.6 })).toBe(CONTEXT + 1536 * MEBIBYTE);
    expect(reservedBytes({ freeBytes: 2.2e9, totalBytes: 12e9, capability: 8.6 })).toBe(CONTEXT + 225 * MEBIBYTE);
    expect(reservedBytes()).toBe(CONTEXT + 1800 * MEBIBYTE);
  });
});

describe('the free memory of a GPU', () => {
  const gpu = { index: 0, uuid: 'GPU-1', name: 'a GPU', capability: 8.6 };

  it("is what TensorFlow may use and what it cannot, before the driver's word, which a divided GPU lacks", () => {
    expect(freeGpuBytes({ ...gpu, freeBytes: 11e9 })).toBe(11e9);
    expect(freeGpuBytes({ ...gpu, freeBytes: 11e9, usableBytes: 8e9 })).toBe(8e9 + CONTEXT + 1536 * MEBIBYTE);
    expect(freeGpuBytes({ ...gpu, usableBytes: 8e9 })).toBe(8e9 + CONTEXT + 1536 * MEBIBYTE);
  });

  it('may be unknown', () => {
    expect(freeGpuBytes(gpu)).toBeUndefined();
    expect(freeGpuBytes(undefined)).toBeUndefined();
  });
});
