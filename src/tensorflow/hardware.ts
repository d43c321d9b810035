/** @file What the machine can do, as far as it decides how a step is run; known before TensorFlow is loaded. */
import { readFileSync } from 'node:fs';

/** What of AVX-512 and bfloat16 the processor has, from Linux's own list; empty elsewhere. */
export function processorFeatures(): ReadonlySet<string> {
  try {
    return new Set(/^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1]?.trim().split(' '));
  } catch {
    return new Set();
  }
}

/** Whether the processor multiplies bfloat16 faster than float32. */
export function hasBfloat16(features: ReadonlySet<string> = processorFeatures()): boolean {
  return features.has('amx_bf16') || features.has('avx512_bf16');
}
