/** @file In what products are computed: what may be asked for, and what that becomes on a machine. */
import { InputError } from '../base/errors.js';
import { formatFlops } from '../base/format.js';
import { PRECISIONS, type Precision } from '../distill/engine.js';
import type { BackendInfo } from '../tensorflow/backend.js';
import { bfloat16Lack, bfloat16Obstacle, processorFeatures } from '../tensorflow/hardware.js';
import { hasTensorCores } from '../tensorflow/nvidia.js';
import { productRates, type ProductRates } from './products.js';

/** `auto`: bfloat16 where the machine multiplies it faster and the models are large enough to gain. */
export const PRECISION_CHOICES = ['auto', ...PRECISIONS] as const;
export type PrecisionChoice = (typeof PRECISION_CHOICES)[number];

/**
 * How much faster products in bfloat16 have to be. Far from what was measured on processors, so that the choice does
 * not change with what else the machine does: about 0.5 × float32 where only AVX-512 BF16 computes it on an Intel
 * (Sapphire and Emerald Rapids), 2 × on an AMD (Zen 4 and 5), more with AMX.
 */
const CLEARLY_FASTER = 1.25;

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

/** A processor, as far as it decides what `auto` is. */
export interface Multiplier {
  readonly features: ReadonlySet<string>;
  readonly env: NodeJS.ProcessEnv;
  /** Measures it, in this process. */
  readonly rates: () => Promise<ProductRates>;
}

/** A precision, with what decided it where that was neither asked for nor a matter of the engine or the models. */
export interface ChosenPrecision {
  readonly precision: Precision;
  /** `321 GFLOP/s in float32, 171 GFLOP/s in bfloat16` */
  readonly reason?: string;
}

/**
 * The precision of a choice. `auto` is float32 for small models and eager engines; on a GPU it goes by the compute
 * capability; a processor with instructions for bfloat16 is measured, which takes some tenths of a second.
 *
 * @param began what a run began with that left the choice to the machine: it stays, unless oneDNN is kept from it
 * @throws InputError for bfloat16 where oneDNN is kept from computing in it
 */
export async function choosePrecision(
  choice: PrecisionChoice,
  site: PrecisionSite,
  began?: Precision,
  processor: Multiplier = thisProcessor(),
): Promise<ChosenPrecision> {
  const { device, gpu, isRecorded, isLarge } = site;
  const { features, env, rates } = processor;
  const obstacle = device === 'cpu' ? bfloat16Obstacle(features, env) : undefined;
  if (choice === 'bf16' && obstacle !== undefined) {
    throw new InputError(
      `--precision bf16: expected oneDNN to be free to compute in it, got ${obstacle}, which keeps it from that; ` +
        'unset that variable, or use --precision fp32',
    );
  }
  if (choice !== 'auto') return { precision: choice };
  if (!isRecorded || (!isLarge && began === undefined)) return { precision: 'fp32' };
  if (began === 'bf16' && obstacle !== undefined) return { precision: 'fp32', reason: obstacle };
  if (began !== undefined) return { precision: began, reason: 'as the run began' };
  if (device === 'gpu') return ofGpu(gpu);
  const lack = bfloat16Lack(features, env);
  return lack === undefined ? fasterOf(await rates()) : { precision: 'fp32', reason: lack };
}

function ofGpu(gpu: PrecisionSite['gpu']): ChosenPrecision {
  const capability = gpu?.capability;
  return {
    precision: gpu !== undefined && hasTensorCores(gpu) ? 'bf16' : 'fp32',
    reason: `compute capability ${capability === undefined ? 'unknown' : capability.toFixed(1)}`,
  };
}

/** bfloat16 where it is clearly faster. */
function fasterOf({ float32, bfloat16 }: ProductRates): ChosenPrecision {
  return {
    precision: bfloat16 >= CLEARLY_FASTER * float32 ? 'bf16' : 'fp32',
    reason: `${formatFlops(float32)} in float32, ${formatFlops(bfloat16)} in bfloat16`,
  };
}

function thisProcessor(): Multiplier {
  return { features: processorFeatures(), env: process.env, rates: () => productRates('cpu') };
}

/**
 * The precision of encoding on a backend.
 *
 * @throws InputError for bfloat16 where there is no TensorFlow, or oneDNN is kept from it
 */
export async function encodingPrecision(
  choice: PrecisionChoice,
  backend: Pick<BackendInfo, 'backend' | 'device' | 'gpu'>,
  isLarge: boolean,
): Promise<ChosenPrecision> {
  const isRecorded = backend.backend === 'tensorflow';
  if (choice === 'bf16' && !isRecorded) {
    throw new InputError(
      '--precision bf16: expected TensorFlow, which can compute in it, got tfjs in JavaScript; use --precision fp32',
    );
  }
  return choosePrecision(choice, { ...backend, isRecorded, isLarge });
}

/** `fp32`, `bf16 (compute capability 9.0)` */
export function precisionText({ precision, reason }: { readonly precision: string; readonly reason?: string }): string {
  return reason === undefined ? precision : `${precision} (${reason})`;
}
