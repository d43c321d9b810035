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
  readonly encoder: string;
  readonly teacher: string;
  readonly pipeline: string;
  readonly negative: string;
  readonly steps: number;
  readonly guidance: number;
  readonly scheduler: SchedulerName;
  readonly width?: number;
  readonly height?: number;
  readonly seed: number;
  readonly count: number;
  readonly latents?: string;
  readonly out?: string;
  readonly preview?: number | true;
  readonly lowMemory?: boolean;
  readonly compare?: string;
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
