/**
 * @file The noise levels that UniPC visits, as σ/α: those of the time steps, or levels with a spacing of their own that
 * are converted to time steps.
 */
import { InputError } from '../base/errors.js';
import { float32Log } from './float32-log.js';
import { alphasCumprod, SMALLEST_ALPHA } from './noise-schedule.js';
import type { UniPCConfig } from './scheduler-config.js';
import { linspace, roundHalfEven, spacedTimesteps } from './timesteps.js';

/** The path of a picture's denoising. */
export interface SigmaSchedule {
  /** `[N]` */
  readonly timesteps: readonly number[];
  /** σ/α at each of them and at the end. `[N + 1]` */
  readonly sigmas: Float32Array;
}

/** arXiv 2206.00364, formula 5: "ρ = 7". */
const KARRAS_RHO = 7;

/**
 * Chooses the noise levels and time steps of a picture.
 *
 * @throws InputError for more steps than in training, or so many that two coincide: a multistep solver divides by their
 *   distance
 */
export function sigmaSchedule(config: UniPCConfig, steps: number): SigmaSchedule {
  const trained = trainedSigmas(config);
  const spaced = config.sigmas === 'timesteps' ? spacedTimesteps(config, steps, 1) : undefined;
  const sigmas = spaced?.map((timestep) => trained[Math.max(timestep, 0)]!) ?? spacedSigmas(config, trained, steps);
  const last = config.finalSigmasType === 'zero' ? 0 : spaced === undefined ? sigmas[sigmas.length - 1]! : trained[0]!;
  const timesteps = spaced ?? timestepsOf(sigmas, trained.map(float32Log), config.sigmas === 'karras');
  if (timesteps.some(Number.isNaN))
    throw new InputError(
      'scheduler_config.json: expected two time steps of training or more, each with noise, to space noise levels ' +
        `between, got ${trained.length}, the first at ${trained[0]}; set use_${config.sigmas}_sigmas to false`,
    );
  const levels = Float32Array.from(sigmas);
  const repeated = config.solverOrder === 1 ? -1 : levels.findIndex((level, i) => level === levels[i + 1]);
  if (repeated !== -1)
    throw new InputError(
      `--steps: expected steps that each remove noise, got time step ${timesteps[repeated]} twice from ` +
        `${steps} steps; give fewer`,
    );
  return { timesteps, sigmas: Float32Array.from([...sigmas, last]) };
}

/**
 * σ/α at every time step of training. Square roots are correctly rounded here; PyTorch's on a CPU may be off by one
 * unit in the last place, depending on its maths library, and then the first time step of exponential levels may be off
 * by one.
 */
function trainedSigmas(config: UniPCConfig): Float32Array {
  const alphas = alphasCumprod(config);
  if (config.rescaleBetasZeroSnr) alphas[alphas.length - 1] = SMALLEST_ALPHA; // σ/α would be infinite
  return alphas.map((alpha) => Math.sqrt(Math.fround(Math.fround(1 - alpha) / alpha)));
}

/** Noise levels equally spaced in their 7th root (Karras) or their logarithm, from the highest to the lowest. */
function spacedSigmas({ sigmas, sigmaMin, sigmaMax }: UniPCConfig, trained: Float32Array, steps: number): number[] {
  const [least, most] = [sigmaMin ?? trained[0], sigmaMax ?? trained[trained.length - 1]];
  if (!(least! > 0 && most! > least!))
    throw new InputError(`scheduler_config.json: expected 0 < sigma_min < sigma_max, got ${least} and ${most}`);
  const [low, high] = [least! ** (1 / KARRAS_RHO), most! ** (1 / KARRAS_RHO)];
  if (sigmas === 'karras') return linspace(0, 1, steps).map((ramp) => (high + ramp * (low - high)) ** KARRAS_RHO);
  return linspace(Math.log(most!), Math.log(least!), steps).map(Math.exp);
}

/**
 * The time steps of noise levels, interpolated in their logarithms; rounded for Karras' levels, truncated for others.
 * Each operation has NumPy's precision, since the highest level may come out just below its own time step.
 *
 * @param logs the logarithms of the levels of training `[T]`
 */
function timestepsOf(sigmas: readonly number[], logs: Float32Array, isRounded: boolean): number[] {
  return sigmas.map((sigma) => {
    const level = Math.log(Math.max(sigma, 1e-10));
    const above = logs.findIndex((log) => log > level);
    const low = Math.min(Math.max((above === -1 ? logs.length : above) - 1, 0), logs.length - 2);
    const [start, end] = [logs[low]!, logs[low + 1]!];
    const share = Math.min(Math.max((start - level) / Math.fround(start - end), 0), 1);
    const timestep = (1 - share) * low + share * (low + 1);
    return isRounded ? roundHalfEven(timestep) : Math.trunc(timestep);
  });
}
