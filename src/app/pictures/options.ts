import type { SchedulerName } from '../../diffusion/scheduler-config.js';
import type { DeviceChoice } from '../../tensorflow/gpu-choice.js';
import type { BackendChoice } from '../../tensorflow/backend.js';

/** What `kd generate` is asked for: its flags, in camel case. */
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
