/** @file The variables that TensorFlow, XLA and CUDA read once, when they are loaded. A user's own values win. */
import type { ChosenGpu } from './gpu-choice.js';
import type { SetupStatus } from './setup-status.js';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * XLA for all that it can compile. On a processor a recorded graph says itself what goes into loops (graph/fusion.ts).
 */
const FUSE_ON_GPU = '--tf_xla_auto_jit=2';

/** No device: CUDA stops reading at the first number that is not a device. */
const NO_GPU = '-1';

/** What decides the variables. */
export interface EnvironmentOptions {
  /** The GPU to use; `none` hides them all; absent: nothing is known, and nothing said. */
  readonly gpu?: ChosenGpu | 'none' | undefined;
  /** Whether XLA compiles the whole step on a GPU. */
  readonly fuse: boolean;
  /** Whether an op has one core to itself, on a processor. */
  readonly serialOps: boolean;
  /** Whether a GPU may round the factors of float32 products to TF32, 10 bits of mantissa for 23. */
  readonly tf32: boolean;
}

/**
 * What to set.
 *
 * TF32 is off unless asked for: `NVIDIA_TF32_OVERRIDE` rules NVIDIA's libraries, and XLA's own products (Triton), which
 * it does not rule, are left to them.
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
  if (usesGpu) Object.assign(wanted, { TF_FORCE_GPU_ALLOW_GROWTH: 'true', CUDA_DEVICE_ORDER: 'PCI_BUS_ID' });
  const set = Object.fromEntries(Object.entries(wanted).filter(([name]) => env[name] === undefined));
  // chosen out of the user's own
  if (gpu !== undefined) set.CUDA_VISIBLE_DEVICES = gpu === 'none' ? NO_GPU : gpu.visible;
  if (usesGpu) {
    const flags = xlaFlags(env.XLA_FLAGS ?? '', setup?.cuda?.folder, env.NVIDIA_TF32_OVERRIDE === undefined && !tf32);
    if (flags !== '') set.XLA_FLAGS = flags;
  }
  return set;
}

/** The user's flags and ours, less those that the user gives otherwise. */
function xlaFlags(own: string, cuda: string | undefined, isStrict: boolean): string {
  const ours = [
    ...(cuda === undefined ? [] : [`--xla_gpu_cuda_data_dir=${cuda}/cuda_nvcc`]),
    ...(isStrict ? ['--xla_gpu_enable_triton_gemm=false'] : []),
  ];
  return [own, ...ours.filter((flag) => !own.includes(flag.split('=')[0]!))].filter((flag) => flag !== '').join(' ');
}
