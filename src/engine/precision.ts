/** @file In what products are computed: what may be asked for, and what that becomes on a machine. */
import { InputError } from '../base/errors.js';
import { PRECISIONS, type Precision } from '../distill/engine.js';
import type { BackendInfo } from '../tensorflow/backend.js';
import { bfloat16Obstacle, hasBfloat16 } from '../tensorflow/hardware.js';
import { hasTensorCores } from '../tensorflow/nvidia.js';

/** `auto`: bfloat16 where the hardware multiplies it faster and the models are large enough to gain. */
export const PRECISION_CHOICES = ['auto', ...PRECISIONS] as const;
export type PrecisionChoice = (typeof PRECISION_CHOICES)[number];

/** What computes the products. */
export interface PrecisionSite {
  readonly device: BackendInfo['device'];
  /** What the driver tells of the GPU, where one is used. */
  readonly gpu?: BackendInfo['gpu'] | undefined;
  /** Whether it is a recorded graph: only that computes in bfloat16. */
  readonly isRecorded: boolean;
  /** Whether a model is so large that bfloat16 pays. */
  readonly isLarge: boolean;
}

/**
 * The precision of a choice: that of tensor cores on a GPU, else what the processor multiplies fastest.
 *
 * @throws InputError for bfloat16 where oneDNN is kept from computing in it
 */
export function choosePrecision(choice: PrecisionChoice, site: PrecisionSite): Precision {
  const { device, gpu, isRecorded, isLarge } = site;
  const obstacle = device === 'cpu' ? bfloat16Obstacle() : undefined;
  if (choice === 'bf16' && obstacle !== undefined) {
    throw new InputError(
      `--precision bf16: expected oneDNN to be free to compute in it, got ${obstacle}, which keeps it from that; ` +
        'unset that variable, or use --precision fp32',
    );
  }
  if (choice !== 'auto') return choice;
  const multipliesBf16 = device === 'gpu' ? gpu !== undefined && hasTensorCores(gpu) : hasBfloat16();
  return isRecorded && isLarge && multipliesBf16 ? 'bf16' : 'fp32';
}

/**
 * The precision of encoding on a backend.
 *
 * @throws InputError for bfloat16 where there is no TensorFlow, or oneDNN is kept from it
 */
export function encodingPrecision(
  choice: PrecisionChoice,
  backend: Pick<BackendInfo, 'backend' | 'device' | 'gpu'>,
  isLarge: boolean,
): Precision {
  const isRecorded = backend.backend === 'tensorflow';
  if (choice === 'bf16' && !isRecorded) {
    throw new InputError(
      '--precision bf16: expected TensorFlow, which can compute in it, got tfjs in JavaScript; use --precision fp32',
    );
  }
  return choosePrecision(choice, { ...backend, isRecorded, isLarge });
}
