/** @file What the last digits of a result depend on when it is computed on a CPU. */
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { cpuFeatures } from './hardware.js';

/** The vector and matrix instructions among which TensorFlow's libraries choose, as Linux names them. */
const INSTRUCTIONS = [
  ...['avx', 'avx2', 'fma', 'avx_vnni', 'avx512f', 'avx512_vnni', 'avx512_bf16', 'avx512_fp16'],
  ...['amx_tile', 'amx_int8', 'amx_bf16'],
];

/** The variables that choose among kernels, with the values that this program gives them. */
const VARIABLES: Readonly<Record<string, string | undefined>> = {
  TF_ENABLE_ONEDNN_OPTS: '1',
  ONEDNN_MAX_CPU_ISA: undefined,
  DNNL_MAX_CPU_ISA: undefined,
};

/**
 * The facts that decide how sums are divided and ordered: the kind of CPU and its instructions, the number of threads
 * that share an op, and variables that a user has set. Call it once TensorFlow is loaded, which sets some variables.
 */
export function cpuFacts(env = process.env): Readonly<Record<string, string>> {
  const features = cpuFeatures();
  const { TF_NUM_INTRAOP_THREADS: threads = '0' } = env;
  const isSet = (name: string): boolean => env[name] !== undefined && env[name] !== VARIABLES[name];
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    instructions: INSTRUCTIONS.filter((name) => features.has(name)).join(' '),
    threads: threads === '0' ? String(usableCores()) : threads,
    ...Object.fromEntries(Object.keys(VARIABLES).flatMap((name) => (isSet(name) ? [[name, env[name]!]] : []))),
  };
}

/** The cores that this process may use, as TensorFlow counts them: by its affinity, and not by a limit on CPU time. */
function usableCores(): number {
  try {
    const mask = /^Cpus_allowed:\s*(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))![1]!;
    const bits = BigInt(`0x${mask.replaceAll(',', '')}`).toString(2);
    return bits.replaceAll('0', '').length;
  } catch {
    return availableParallelism(); // not Linux
  }
}
