/** @file The lines of a run's losses: for the page, and for the picture beside it. */
import type { Line, Point } from './curve-series.js';
import type { ValidationPoint } from './report-data.js';
import { smoothed, type Curve, type Points } from './series.js';

/** A run's loss: of one language, or the sum of both. */
export type LossCurve = 'loss' | 'loss_en' | 'loss_ko';

/** A line's name and style. */
interface Drawn {
  readonly name: string;
  readonly colour: string;
}

/**
 * A column of the training log: smoothed, with the original values behind it; or, if each point stands for several
 * steps, with a band from the lowest to the highest value.
 *
 * @param smoothing the weight of past values, from 0 (no smoothing) to below 1
 */
export function trainingLine({ step, curves }: Points, curve: Curve, drawn: Drawn, smoothing = 0): Line {
  const { mean, min, max } = curves[curve];
  const values = smoothed(mean, smoothing);
  const isMerged = min.some((low, i) => low < max[i]!);
  return {
    ...drawn,
    style: 'curve',
    points: step.map((each, i): Point => [each, values[i]!]),
    band: isMerged ? { low: min, high: max } : undefined,
    raw: !isMerged && smoothing > 0 ? mean : undefined,
  };
}

/** A loss at every validation. */
export function validationLine(validation: readonly ValidationPoint[], curve: LossCurve, drawn: Drawn): Line {
  return { ...drawn, style: 'marks', points: validation.map((point): Point => [point.step, point[curve] ?? NaN]) };
}

/**
 * The loss of always predicting the teacher's mean. For one language it is half of the total, since both have the same
 * target.
 *
 * @param baseline the total of both languages
 * @param end the last step of the line
 */
export function meanLine(baseline: number, curve: LossCurve, end: number, drawn: Drawn): Line {
  return { ...drawn, style: 'dashes', points: level(meanShare(baseline, curve), end) };
}

/** The part of the baseline that belongs to a curve. */
function meanShare(baseline: number, curve: LossCurve): number {
  return curve === 'loss' ? baseline : baseline / 2;
}

/** The points of a horizontal line. */
export function level(value: number, end: number): Point[] {
  return [
    [0, value],
    [end, value],
  ];
}

/** The last step that was logged or validated; 1 before the first. */
export function lastStep({ step }: Points, validation: readonly ValidationPoint[]): number {
  return Math.max(step.at(-1) ?? 1, validation.at(-1)?.step ?? 1);
}
