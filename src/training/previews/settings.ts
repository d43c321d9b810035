/** @file Settings: which pictures to draw during training, and how. */
import { ANY_TEXT, choice, COUNT, NON_NEGATIVE, PIXELS, SEED, TEXT } from '../../base/kinds.js';
import { GENERATE_DEFAULTS } from '../../app/pictures/options.js';
import { SCHEDULERS } from '../../diffusion/scheduler-config.js';
import { DEVICE } from '../../tensorflow/device-choice.js';
import type { Setting } from '../settings/setting.js';

/** The settings under `Previews:`. */
export const PREVIEW_SETTINGS = {
  preview: {
    group: 'Previews:',
    flag: '--preview <prompts.csv>',
    help: 'draw these prompts (columns ko,en) at every checkpoint, while training continues; none: stop doing so',
    kind: TEXT,
    resume: 'may change',
  },
  previewPipeline: {
    flag: '--preview-pipeline <id|folder>',
    help: `a Stable Diffusion in ONNX (default: ${GENERATE_DEFAULTS.pipeline})`,
    kind: TEXT,
    resume: 'may change',
  },
  previewSteps: {
    flag: '--preview-steps <count>',
    help: `denoising steps (default: ${GENERATE_DEFAULTS.steps})`,
    kind: COUNT,
    resume: 'may change',
  },
  previewGuidance: {
    flag: '--preview-guidance <scale>',
    help: `how closely to follow the prompt (default: ${GENERATE_DEFAULTS.guidance})`,
    kind: NON_NEGATIVE,
    resume: 'may change',
  },
  previewScheduler: {
    flag: '--preview-scheduler <name>',
    help: `how noise is removed (default: ${GENERATE_DEFAULTS.scheduler})`,
    kind: choice(SCHEDULERS),
    resume: 'may change',
  },
  previewNegative: {
    flag: '--preview-negative <text>',
    help: 'what to avoid',
    kind: ANY_TEXT,
    resume: 'may change',
  },
  previewWidth: {
    flag: '--preview-width <pixels>',
    help: 'a multiple of 8 (default: 512)',
    kind: PIXELS,
    resume: 'may change',
  },
  previewHeight: {
    flag: '--preview-height <pixels>',
    help: 'a multiple of 8 (default: 512)',
    kind: PIXELS,
    resume: 'may change',
  },
  previewSeed: {
    flag: '--preview-seed <number>',
    help: `random seed of the noise that all of them start from (default: ${GENERATE_DEFAULTS.seed})`,
    kind: SEED,
    resume: 'may change',
  },
  previewDevice: {
    flag: '--preview-device <name>',
    help: 'auto, cpu, gpu, or gpu:N (default: cpu, as training has the GPU)',
    kind: DEVICE,
    resume: 'may change',
  },
} as const satisfies Readonly<Record<string, Setting>>;
