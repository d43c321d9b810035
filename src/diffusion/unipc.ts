/**
 * @file UniPC (arXiv 2302.04867): a multistep predictor (UniP, algorithm 2) whose every result is corrected with the
 * model's output there (UniC, algorithm 1), without another evaluation.
 *
 * Notation of the paper: λ = ln(α/σ), h the step in λ, r the positions of earlier outputs in units of h, D their
 * differences from the last output divided by r, B(h) and the vector b of formulas 9 to 12. The solver works on x₀
 * (`predictX0`) or on ε.
 */
import { weightedSum, type Term } from './latents.js';
import { predictedNoise, predictedSample, threshold, type NoiseLevel } from './prediction.js';
import { checkFirstStep } from './noise-schedule.js';
import type { UniPCConfig } from './scheduler-config.js';
import type { Scheduler } from './scheduler.js';
import { sigmaSchedule } from './sigmas.js';

/** A noise level and its λ. */
interface Place extends NoiseLevel {
  readonly lambda: number;
}

/** The model's prediction at a position: x₀ or ε. */
interface Output {
  readonly place: Place;
  readonly values: Float32Array;
}

/** The start of a step: a sample and the latest outputs, as many as the step's order, newest first. */
interface Start {
  readonly sample: Float32Array;
  readonly outputs: readonly Output[];
}

/**
 * A UniPC scheduler for one picture.
 *
 * @throws InputError for more steps than in training, and for a first step that divides by almost nothing
 */
export function unipc(config: UniPCConfig, steps: number): Scheduler {
  const { timesteps, sigmas } = sigmaSchedule(config, steps);
  if (config.thresholding === undefined) checkFirstStep(config, timesteps);
  const places = Array.from(sigmas, placeOf);
  let history: readonly Output[] = [];
  let last: Start | undefined;
  let index = 0;
  return {
    timesteps,
    step(modelOutput, predicted) {
      const place = places[index]!;
      const output = { place, values: converted(config, modelOutput, predicted, place) };
      const isCorrected = last !== undefined && !config.disableCorrector.includes(index - 1);
      const sample = isCorrected ? correct(config, last!, output) : predicted;
      history = [output, ...history].slice(0, config.solverOrder);
      const next = places[++index]!;
      const order = next.sigma === 0 ? 1 : config.lowerOrderFinal ? timesteps.length - index + 1 : config.solverOrder;
      last = { sample, outputs: history.slice(0, order) };
      return predict(config, last, next);
    },
  };
}

/** The position of a value of σ/α; at 0, the end, λ is infinite. */
function placeOf(sigmaOverAlpha: number): Place {
  const alpha = 1 / Math.sqrt(sigmaOverAlpha ** 2 + 1);
  return { alpha, sigma: sigmaOverAlpha * alpha, lambda: -Math.log(sigmaOverAlpha) };
}

/** The model's output converted to x₀ or ε, whichever the solver works on. */
function converted(config: UniPCConfig, modelOutput: Float32Array, sample: Float32Array, place: Place): Float32Array {
  if (!config.predictX0) return predictedNoise(config.predictionType, modelOutput, sample, place);
  const x0 = predictedSample(config.predictionType, modelOutput, sample, place);
  return config.thresholding === undefined ? x0 : threshold(x0, config.thresholding);
}

/** UniP: the sample at `next`. A step of no length, to the level where the last one ended, changes nothing. */
function predict(config: UniPCConfig, { sample, outputs }: Start, next: Place): Float32Array {
  const [newest, ...earlier] = outputs;
  if (next.lambda === newest!.place.lambda) return sample;
  const { weight, r, b } = stepOf(config, outputs, next);
  // Order 2 has a closed form (appendix F of the paper): 1/2 for any r.
  const rho =
    earlier.length === 1
      ? [1 / 2]
      : solve(
          r.map((_, power) => r.map((ratio) => ratio ** power)),
          b.slice(0, r.length),
        );
  return weightedSum(
    ...linearTerms(config, sample, newest!, next),
    ...differenceTerms(weight, rho, r, newest!, earlier),
  );
}

/** UniC: the result of a step, corrected with the model's output there. */
function correct(config: UniPCConfig, { sample, outputs }: Start, reached: Output): Float32Array {
  const [newest, ...earlier] = outputs;
  const { weight, r, b } = stepOf(config, outputs, reached.place);
  const ratios = [...r, 1]; // the latest output is one h away
  const rho =
    earlier.length === 0
      ? [1 / 2]
      : solve(
          ratios.map((_, power) => ratios.map((ratio) => ratio ** power)),
          b,
        );
  const differences = differenceTerms(weight, rho, ratios, newest!, [...earlier, reached]);
  return weightedSum(...linearTerms(config, sample, newest!, reached.place), ...differences);
}

/** The coefficients of a step, relative to the newest output. */
interface StepNumbers {
  /** The factor of the sum of weighted differences: −α·B(h), or −σ·B(h). */
  readonly weight: number;
  /** The positions of the outputs before the newest. */
  readonly r: readonly number[];
  /** The right-hand side of the equations for the weights: `order` numbers. */
  readonly b: readonly number[];
}

function stepOf(config: UniPCConfig, [newest, ...earlier]: readonly Output[], to: Place): StepNumbers {
  const step = to.lambda - newest!.place.lambda;
  // a first-order step to the end has only the linear part
  if (earlier.length === 0 && step === Infinity) return { weight: 0, r: [], b: [] };
  const h = config.predictX0 ? -step : step;
  const bOfH = config.solverType === 'bh1' ? h : Math.expm1(h);
  return {
    weight: -(config.predictX0 ? to.alpha : to.sigma) * bOfH,
    r: earlier.map(({ place }) => (place.lambda - newest!.place.lambda) / step),
    b: rightSide(h, bOfH, earlier.length + 1),
  };
}

/** bₖ = k!·h·φₖ₊₁(h) / B(h), where φ₁(h) = (eʰ − 1)/h and φₖ₊₁(h) = (φₖ(h) − 1/k!)/h. */
function rightSide(h: number, bOfH: number, order: number): number[] {
  const b: number[] = [];
  let [factorial, hPhi] = [1, Math.expm1(h) / h - 1];
  for (let k = 1; k <= order; k++) {
    b.push((hPhi * factorial) / bOfH);
    factorial *= k + 1;
    hPhi = hPhi / h - 1 / factorial;
  }
  return b;
}

/** The exact solution for a constant output, for x₀: σ/σₛ·x + (α − σ·αₛ/σₛ)·x₀; for ε with α and σ exchanged. */
function linearTerms(
  { predictX0 }: UniPCConfig,
  sample: Float32Array,
  { place: from, values }: Output,
  to: Place,
): Term[] {
  if (predictX0)
    return [
      [to.sigma / from.sigma, sample],
      [to.alpha - (to.sigma * from.alpha) / from.sigma, values],
    ];
  return [
    [to.alpha / from.alpha, sample],
    [to.sigma - (to.alpha * from.sigma) / from.alpha, values],
  ];
}

/** weight · Σ ρ·D, where D = (output − newest)/r, as one term per output. */
function differenceTerms(
  weight: number,
  rho: readonly number[],
  r: readonly number[],
  newest: Output,
  others: readonly Output[],
): Term[] {
  const factors = others.map((_, i) => (weight * rho[i]!) / r[i]!);
  const total = factors.reduce((sum, factor) => sum + factor, 0);
  return [[-total, newest.values], ...others.map(({ values }, i): Term => [factors[i]!, values])];
}

/** The solution of `matrix · x = right` by Gaussian elimination with pivoting. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i]]);
  const size = rows.length;
  for (let column = 0; column < size; column++) {
    const pivot = rows.reduce(
      (best, row, i) => (i > column && Math.abs(row[column]!) > Math.abs(rows[best]![column]!) ? i : best),
      column,
    );
    [rows[column], rows[pivot]] = [rows[pivot]!, rows[column]!];
    for (let i = 0; i < size; i++) {
      if (i === column) continue;
      const factor = rows[i]![column]! / rows[column]![column]!;
      rows[i] = rows[i]!.map((value, j) => value! - factor * rows[column]![j]!);
    }
  }
  return rows.map((row, i) => row[size]! / row[i]!);
}
