/** @file The variables that TensorFlow, XLA and CUDA read once, on loading. A user's own values take precedence. */
import { CUDA_DEVICE_ORDER } from './driver-addon.js';
import type { ChosenGpu } from './gpu-choice.js';
import { LARGEST_CACHE } from './kernel-cache.js';
import type { SetupStatus } from './setup-status.js';

type Environment = Readonly<Record<string, string | undefined>>;

/** Lets XLA compile all that it can. On a CPU, row loops compute what is between products (graph/fusion.ts). */
const FUSE_ON_GPU = '--tf_xla_auto_jit=2';

/** What every use of a GPU takes: no more memory than needed, one order of GPUs, and room for compiled kernels. */
const ON_GPU = {
  TF_FORCE_GPU_ALLOW_GROWTH: 'true',
  CUDA_DEVICE_ORDER,
  CUDA_CACHE_MAXSIZE: LARGEST_CACHE,
} as const;

/** No device: CUDA stops reading at the first number that is not a device. */
const NO_GPU = '-1';

/** What decides the variables. */
export interface EnvironmentOptions {
  /** The GPU to use; `none` hides them all; absent: unknown, so nothing is set. */
  readonly gpu?: ChosenGpu | 'none' | undefined;
  /** Whether XLA compiles the whole step on a GPU. */
  readonly fuse: boolean;
  /** Whether each op runs on one core, on a CPU. */
  readonly serialOps: boolean;
  /** Whether a GPU may round the factors of float32 products to TF32, with 10 bits of mantissa instead of 23. */
  readonly tf32: boolean;
}

/**
 * The variables to set.
 *
 * TF32 is off unless asked for. `NVIDIA_TF32_OVERRIDE` controls only NVIDIA's libraries, not XLA's own products
 * (Triton), which are therefore left to those libraries.
 */
export function tensorflowEnvironment(
  env: Environment,
  setup: SetupStatus | undefined,
  { gpu, fuse, serialOps, tf32 }: EnvironmentOptions,
): Record<string, string> {
  const wanted: Record<string, string> = {};
  const usesGpu = gpu !== undefined && gpu !== 'none';
  if (fuse && usesGpu) wanted.TF_XLA_FLAGS = FUSE_ON_GPU;
  if (serialOps && !usesGpu) wanted.TF_NUM_INTRAOP_THREADS = '1';
  if (usesGpu && !tf32) wanted.NVIDIA_TF32_OVERRIDE = '0';
  if (usesGpu) Object.assign(wanted, ON_GPU);
  const set = Object.fromEntries(Object.entries(wanted).filter(([name]) => env[name] === undefined));
  // replaces the user's own value, among whose GPUs it was chosen
  if (gpu !== undefined) set.CUDA_VISIBLE_DEVICES = gpu === 'none' ? NO_GPU : gpu.visible;
  if (usesGpu) {
    const flags = xlaFlags(env.XLA_FLAGS ?? '', setup?.cuda?.folder, env.NVIDIA_TF32_OVERRIDE === undefined && !tf32);
    if (flags !== '') set.XLA_FLAGS = flags;
  }
  return set;
}

/** The user's flags, and ours except those that the user sets. */
function xlaFlags(own: string, cuda: string | undefined, isStrict: boolean): string {
  const ours = [
    ...(cuda === undefined ? [] : [`--xla_gpu_cuda_data_dir=${cuda}/cuda_nvcc`]),
    ...(isStrict ? ['--xla_gpu_enable_triton_gemm=false'] : []),
  ];
  return [own, ...ours.filter((flag) => !own.includes(flag.split('=')[0]!))].filter((flag) => flag !== '').join(' ');
}
