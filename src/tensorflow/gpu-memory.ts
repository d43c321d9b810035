/** @file The memory of a GPU that tensors cannot have: what CUDA takes, and what TensorFlow leaves to it. */
import type { Gpu } from './nvidia.js';

const MEBIBYTE = 2 ** 20;

/** Assumed for the CUDA context, which is made before TensorFlow asks how much memory is free. */
const CONTEXT_BYTES = 0.3e9;

/** GPUs with less free memory than this keep little of it back. */
const LITTLE = { below: 2 ** 31, kept: 225 * MEBIBYTE } as const;

/** What others keep back, by the highest compute capability, rounded down. */
const KEPT_UP_TO = [
  [6, 500 * MEBIBYTE],
  [7, 1050 * MEBIBYTE],
  [8, 1536 * MEBIBYTE],
] as const;
const KEPT_ABOVE = 1800 * MEBIBYTE;

/**
 * The bytes of free memory that TensorFlow leaves to CUDA's libraries (`MinSystemMemory` in
 * tensorflow/core/common_runtime/gpu/gpu_device.cc).
 *
 * @param available bytes free once the CUDA context is there
 * @param capability unknown: that of the newest GPUs, which need the most
 */
export function keptBytes(available: number, capability = Infinity): number {
  if (available < LITTLE.below) return LITTLE.kept;
  return KEPT_UP_TO.find(([major]) => Math.floor(capability) <= major)?.[1] ?? KEPT_ABOVE;
}

/** The bytes of a GPU's free memory that tensors cannot have. */
export function reservedBytes({ freeBytes, totalBytes, capability }: Partial<Gpu> = {}): number {
  return CONTEXT_BYTES + keptBytes((freeBytes ?? totalBytes ?? Infinity) - CONTEXT_BYTES, capability);
}

/**
 * The bytes that were free before TensorFlow was loaded, as TensorFlow itself found them, else as the driver said;
 * undefined if neither is known.
 */
export function freeGpuBytes(gpu: Gpu | undefined): number | undefined {
  return gpu?.usableBytes === undefined ? gpu?.freeBytes : gpu.usableBytes + reservedBytes(gpu);
}
