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

/**
 * What `ONEDNN_MAX_CPU_ISA` (or its older name) may limit oneDNN's instructions to that is below AVX-512 with bfloat16:
 * "CPU Dispatcher Control" in oneDNN's developer guide. It reads them in upper or lower case.
 */
const LIMITS_WITHOUT_BFLOAT16 = ['SSE41', 'AVX', 'AVX2', 'AVX2_VNNI'];
const LIMITS_WITH_EMULATED_BFLOAT16 = ['AVX512_CORE', 'AVX512_CORE_VNNI'];

/** The instructions that oneDNN is limited to, as its variable has them, in upper case. */
function instructionLimit(env: NodeJS.ProcessEnv): string | undefined {
  return (env.ONEDNN_MAX_CPU_ISA ?? env.DNNL_MAX_CPU_ISA)?.toUpperCase();
}

/** The variable that limits oneDNN's instructions, as `NAME=value`. */
function limitingVariable(env: NodeJS.ProcessEnv): string {
  const name = env.ONEDNN_MAX_CPU_ISA === undefined ? 'DNNL_MAX_CPU_ISA' : 'ONEDNN_MAX_CPU_ISA';
  return `${name}=${env[name]}`;
}

/**
 * Why products in bfloat16 would not use instructions for it, in a few words; undefined where they would. Those that
 * would are not always faster than float32: that has to be measured.
 */
export function bfloat16Lack(
  features: ReadonlySet<string> = processorFeatures(),
  env = process.env,
): string | undefined {
  if (!features.has('amx_bf16') && !features.has('avx512_bf16')) return 'the processor has no bfloat16 instructions';
  if (env.TF_ENABLE_ONEDNN_OPTS === '0') return 'TF_ENABLE_ONEDNN_OPTS=0';
  const limit = instructionLimit(env);
  if (limit === undefined || ![...LIMITS_WITHOUT_BFLOAT16, ...LIMITS_WITH_EMULATED_BFLOAT16].includes(limit))
    return undefined;
  return limitingVariable(env);
}

/**
 * The variable that keeps oneDNN from computing in bfloat16 at all, as `NAME=value`: TensorFlow asks the processor, not
 * oneDNN, and the process would be aborted at its first product. undefined where there is none.
 */
export function bfloat16Obstacle(
  features: ReadonlySet<string> = processorFeatures(),
  env = process.env,
): string | undefined {
  const limit = instructionLimit(env);
  const usesOneDnn = features.has('avx512f') && env.TF_ENABLE_ONEDNN_OPTS !== '0';
  if (!usesOneDnn || limit === undefined || !LIMITS_WITHOUT_BFLOAT16.includes(limit)) return undefined;
  return limitingVariable(env);
}
