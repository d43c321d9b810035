import { KD } from '../../base/own-command.js';
import { InputError } from '../../base/errors.js';
import { LARGEST_SEED } from '../../base/kinds.js';
import type { SchedulerName } from '../../diffusion/scheduler-config.js';
import type { DeviceChoice } from '../../tensorflow/device-choice.js';
import type { BackendChoice } from '../../tensorflow/backend-choice.js';

/** The default options. */
export const GENERATE_DEFAULTS = {
  encoder: 'roberta',
  teacher: 'clip',
  pipeline: 'CompVis/stable-diffusion-v1-4@onnx',
  negative: '',
  steps: 25,
  guidance: 7.5,
  scheduler: 'unipc',
  seed: 0,
  count: 1,
  backend: 'auto',
  device: 'auto',
} as const;

/** The default width and height of a picture in pixels. */
export const DEFAULT_SIDE = 512;

/** The flags of `kd generate`, in camel case. */
export interface GenerateOptions {
  /** The text encoder: `roberta`, `clip`, a run, a checkpoint of one, a folder or a hub id. */
  readonly encoder: string;
  /** The teacher that a grid compares with: as `encoder`. */
  readonly teacher: string;
  /** A Stable Diffusion in ONNX: a folder or a hub id. */
  readonly pipeline: string;
  /** What to avoid. */
  readonly negative: string;
  /** Denoising steps. */
  readonly steps: number;
  /** How far to follow the prompt; up to 1 without classifier-free guidance. */
  readonly guidance: number;
  readonly scheduler: SchedulerName;
  /** In pixels, a multiple of 8; default: 512, or that of `latents`. */
  readonly width?: number;
  readonly height?: number;
  /** Of the starting noise; several pictures of a prompt have consecutive seeds. */
  readonly seed: number;
  /** Pictures of each prompt. */
  readonly count: number;
  /** A safetensors file with the starting noise: the tensor `noise`, `[1, 4, height/8, width/8]`. */
  readonly latents?: string;
  /** The folder for pictures; default: `pictures/` in the encoder's run, else in the current folder. */
  readonly out?: string;
  /** Steps between intermediate pictures, which are removed at the end; `true`: 5. */
  readonly preview?: number | true;
  /** Whether the UNet runs twice per step with one sample, not once with two. */
  readonly lowMemory?: boolean;
  /** A CSV file of prompts with the columns `ko` and `en`: a grid with a row for each. */
  readonly compare?: string;
  /** Encoders to compare: a grid with a column for each. */
  readonly compareCheckpoints?: readonly string[];
  readonly backend: BackendChoice;
  readonly device: DeviceChoice;
}

/** Whether a grid is requested, not individual pictures. */
export function isGrid({ compare, compareCheckpoints }: GenerateOptions): boolean {
  return compare !== undefined || compareCheckpoints !== undefined;
}

/** Throws an `InputError` for conflicting options, or if there is nothing to draw. */
export function checkGenerateOptions(prompts: readonly string[], options: GenerateOptions): void {
  if (prompts.length === 0 && options.compare === undefined) {
    throw new InputError(`expected a prompt, got none; give one in quotes, as in: ${KD} generate "노란색 차"`);
  }
  if (isGrid(options) && options.count !== 1)
    throw new InputError('--count: expected 1 for a grid, in which all pictures start from the same noise');
  if (options.seed + options.count > LARGEST_SEED + 1) {
    throw new InputError(
      `--count ${options.count}: expected seeds up to ${LARGEST_SEED}, got ${options.seed} to ` +
        `${options.seed + options.count - 1}; use a lower --seed`,
    );
  }
  if (options.compare !== undefined && prompts.length > 0)
    throw new InputError('--compare: expected prompts in the file alone, got others too; give one or the other');
}
