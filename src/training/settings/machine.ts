/** @file Settings: what a run is computed with, and in what precision. */
import { choice, SWITCH } from '../../base/kinds.js';
import { PRECISION_CHOICES } from '../../engine/precision-choice.js';
import { BACKENDS } from '../../tensorflow/backend-choice.js';
import { DEVICES } from '../../tensorflow/device-choice.js';
import type { Setting } from './setting.js';

/** How a step is run: recorded once as a graph (TensorFlow only), or op by op. `auto`: as a graph if possible. */
export const ENGINES = ['auto', 'compiled', 'eager'] as const;
export type EngineChoice = (typeof ENGINES)[number];

/**
 * The precision of matrix products. `tf32`: float32 with factors that an NVIDIA GPU rounds to 10 bits of mantissa; with
 * `fp32` they never are.
 */
const TRAINING_PRECISIONS = [...PRECISION_CHOICES, 'tf32'] as const;
export type TrainingPrecision = (typeof TRAINING_PRECISIONS)[number];

/** The settings under `Machine:`. */
export const MACHINE_SETTINGS = {
  engine: {
    group: 'Machine:',
    flag: '--engine <name>',
    help: 'how a step is run',
    kind: choice(ENGINES),
    default: 'auto',
    resume: 'may change',
  },
  precision: {
    flag: '--precision <name>',
    help: 'of matrix products: float32, or bfloat16 with float32 weights; tf32 on GPUs',
    kind: choice(TRAINING_PRECISIONS),
    default: 'auto',
  },
  jitCompile: {
    flag: '--jit-compile',
    help: 'compile the whole step with XLA; takes longer to start',
    kind: SWITCH,
    default: false,
    legacyDefault: false,
  },
  backend: {
    flag: '--backend <name>',
    help: "TensorFlow's kernels, or JavaScript's",
    kind: choice(BACKENDS),
    default: 'auto',
    resume: 'may change',
  },
  device: {
    flag: '--device <name>',
    help: 'auto, cpu, gpu, gpu:N; or several that share each step: gpu:all, gpu:0,2, cpu:N',
    kind: DEVICES,
    default: 'auto',
    resume: 'may change',
  },
} as const satisfies Readonly<Record<string, Setting>>;
