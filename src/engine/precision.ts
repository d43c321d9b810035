/** @file The precision of matrix products: what may be asked for, and what that becomes on a machine. */
import { InputError } from '../base/errors.js';
import { formatFlops } from '../base/format.js';
import type { Precision, PrecisionChoice } from './precision-choice.js';
import type { BackendInfo } from '../tensorflow/backend.js';
import { whyNoBfloat16, bfloat16Blocker, cpuFeatures } from '../tensorflow/hardware.js';
import { hasTensorCores } from '../tensorflow/nvidia.js';
import { reasonText } from '../tensorflow/precision-reasons.js';
import { matmulRates, type MatmulRates } from './matmul-rates.js';

/**
 * How many times faster products in bfloat16 must be. The threshold is far from the ratios measured on CPUs, so that
 * the choice does not change with the load of the machine: about 0.5 on Intel (Sapphire and Emerald Rapids) with
 * AVX-512 BF16 alone, 2 on AMD (Zen 4 and 5), 4.8 with AMX (Emerald Rapids).
 */
const MIN_SPEEDUP = 1.25;

/** Where the products are computed. */
export interface PrecisionSite {
  readonly device: BackendInfo['device'];
  /** What the driver reports about the GPU, if one is used. */
  readonly gpu?: BackendInfo['gpu'] | undefined;
  /** Whether a recorded graph computes them: only that can use bfloat16. */
  readonly isRecorded: boolean;
  /** Whether a model is large enough for bfloat16 to pay off. */
  readonly isLarge: boolean;
}

/** What decides `auto` on a CPU. */
export interface CpuFacts {
  readonly features: ReadonlySet<string>;
  readonly env: NodeJS.ProcessEnv;
  /** Measures its products, in this process. */
  readonly rates: () => Promise<MatmulRates>;
}

/** A precision, with the reason if the machine or the beginning of the run decided it. */
export interface ChosenPrecision {
  readonly precision: Precision;
  /** `321 GFLOP/s in float32, 171 GFLOP/s in bfloat16` */
  readonly reason?: string;
}

/**
 * Resolves a choice of precision. `auto` is float32 for small models and eager engines. On a GPU it depends on the
 * compute capability. A CPU with bfloat16 instructions is measured, which takes some tenths of a second.
 *
 * @param began the precision that a resumed run with `auto` began with: it stays, unless oneDNN may not compute in it
 * @throws InputError for bfloat16 if the environment keeps oneDNN from computing in it
 */
export async function choosePrecision(
  choice: PrecisionChoice,
  site: PrecisionSite,
  began?: Precision,
  cpu: CpuFacts = thisCpu(),
): Promise<ChosenPrecision> {
  const { device, gpu, isRecorded, isLarge } = site;
  const { features, env, rates } = cpu;
  const obstacle = device === 'cpu' ? bfloat16Blocker(features, env) : undefined;
  if (choice === 'bf16' && obstacle !== undefined) {
    throw new InputError(
      `--precision bf16: expected oneDNN to be allowed bfloat16, but ${obstacle} forbids it; ` +
        'unset that variable, or use --precision fp32',
    );
  }
  if (choice !== 'auto') return { precision: choice };
  if (!isRecorded || (!isLarge && began === undefined)) return { precision: 'fp32' };
  if (began === 'bf16' && obstacle !== undefined) return { precision: 'fp32', reason: obstacle };
  if (began !== undefined) return { precision: began, reason: reasonText('asBegun') };
  if (device === 'gpu') return ofGpu(gpu);
  const lack = whyNoBfloat16(features, env);
  return lack === undefined ? fasterOf(await rates()) : { precision: 'fp32', reason: lack };
}

function ofGpu(gpu: PrecisionSite['gpu']): ChosenPrecision {
  const capability = gpu?.capability;
  return {
    precision: gpu !== undefined && hasTensorCores(gpu) ? 'bf16' : 'fp32',
    reason:
      capability === undefined ? reasonText('unknownCapability') : reasonText('capability', [capability.toFixed(1)]),
  };
}

/** bfloat16 if it is clearly faster. */
function fasterOf({ float32, bfloat16 }: MatmulRates): ChosenPrecision {
  return {
    precision: bfloat16 >= MIN_SPEEDUP * float32 ? 'bf16' : 'fp32',
    reason: reasonText('measured', [formatFlops(float32), formatFlops(bfloat16)]),
  };
}

function thisCpu(): CpuFacts {
  return { features: cpuFeatures(), env: process.env, rates: () => matmulRates('cpu') };
}

/**
 * The precision of encoding on a backend.
 *
 * @throws InputError for bfloat16 without TensorFlow, or if the environment keeps oneDNN from computing in it
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
