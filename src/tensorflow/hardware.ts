/** @file The machine's capabilities that decide how a step is run, known before TensorFlow is loaded. */
import { readFileSync } from 'node:fs';
import { reasonText } from './precision-reasons.js';

/** The CPU's instruction set extensions, as Linux lists them; empty on other systems. */
export function cpuFeatures(): ReadonlySet<string> {
  try {
    return new Set(/^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1]?.trim().split(' '));
  } catch {
    return new Set();
  }
}

/**
 * The values of `ONEDNN_MAX_CPU_ISA` (or its older name) that limit oneDNN to less than AVX-512 with bfloat16: "CPU
 * Dispatcher Control" in oneDNN's developer guide. Upper or lower case does not matter.
 */
const LIMITS_WITHOUT_BFLOAT16 = ['SSE41', 'AVX', 'AVX2', 'AVX2_VNNI'];
const LIMITS_WITH_EMULATED_BFLOAT16 = ['AVX512_CORE', 'AVX512_CORE_VNNI'];

/** The instruction set that oneDNN is limited to, by the value of its variable in upper case. */
function instructionLimit(env: NodeJS.ProcessEnv): string | undefined {
  return (env.ONEDNN_MAX_CPU_ISA ?? env.DNNL_MAX_CPU_ISA)?.toUpperCase();
}

/** The variable that limits oneDNN's instructions, as `NAME=value`. */
function limitingVariable(env: NodeJS.ProcessEnv): string {
  const name = env.ONEDNN_MAX_CPU_ISA === undefined ? 'DNNL_MAX_CPU_ISA' : 'ONEDNN_MAX_CPU_ISA';
  return `${name}=${env[name]}`;
}

/**
 * Why products in bfloat16 would not use bfloat16 instructions, in a few words; undefined if they would. Even then they
 * are not always faster than float32; that must be measured.
 */
export function whyNoBfloat16(features: ReadonlySet<string> = cpuFeatures(), env = process.env): string | undefined {
  if (!features.has('amx_bf16') && !features.has('avx512_bf16')) return reasonText('noInstructions');
  if (env.TF_ENABLE_ONEDNN_OPTS === '0') return 'TF_ENABLE_ONEDNN_OPTS=0';
  const limit = instructionLimit(env);
  if (limit === undefined || ![...LIMITS_WITHOUT_BFLOAT16, ...LIMITS_WITH_EMULATED_BFLOAT16].includes(limit))
    return undefined;
  return limitingVariable(env);
}

/**
 * The variable that keeps oneDNN from computing in bfloat16 at all, as `NAME=value`; undefined if there is none.
 * TensorFlow checks the CPU and not oneDNN, so the process would be aborted at its first product.
 */
export function bfloat16Blocker(features: ReadonlySet<string> = cpuFeatures(), env = process.env): string | undefined {
  const limit = instructionLimit(env);
  const usesOneDnn = features.has('avx512f') && env.TF_ENABLE_ONEDNN_OPTS !== '0';
  if (!usesOneDnn || limit === undefined || !LIMITS_WITHOUT_BFLOAT16.includes(limit)) return undefined;
  return limitingVariable(env);
}
