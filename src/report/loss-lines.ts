/** @file The lines of a run's losses: for the page, and for the picture beside it. */
import type { Line, Point } from './curve-series.js';
import type { ValidationPoint } from './report-data.js';
import { smoothed, type Curve, type Points } from './series.js';

/** A loss of a run: of one language, or the sum of both. */
export type LossCurve = 'loss' | 'loss_en' | 'loss_ko';

/** How a line is called and drawn. */
interface Drawn {
  readonly name: string;
  readonly colour: string;
}

/**
 * A column of the training log: smoothed, with what it was before behind it; or with a band from the lowest to the
 * highest value, where points stand for several steps each.
 *
 * @param smoothing the share of the past that each point keeps, from 0 (values as they are) up to, not including, 1
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

/** A loss of every validation. */
export function validationLine(validation: readonly ValidationPoint[], curve: LossCurve, drawn: Drawn): Line {
  return { ...drawn, style: 'marks', points: validation.map((point): Point => [point.step, point[curve] ?? NaN]) };
}

/**
 * The loss of always giving the teacher's mean: of one language half of that of both, as both have the same target.
 *
 * @param baseline of both languages
 * @param end where the line ends
 */
export function meanLine(baseline: number, curve: LossCurve, end: number, drawn: Drawn): Line {
  return { ...drawn, style: 'dashes', points: level(meanShare(baseline, curve), end) };
}

/** The part of the mean's loss that is a curve's. */
export function meanShare(baseline: number, curve: LossCurve): number {
  return curve === 'loss' ? baseline : baseline / 2;
}

/** The points of a line of one value. */
export function level(value: number, end: number): Point[] {
  return [
    [0, value],
    [end, value],
  ];
}

/** The last step that was logged, or validated after; 1 before the first. */
export function lastStep({ step }: Points, validation: readonly ValidationPoint[]): number {
  return Math.max(step.at(-1) ?? 1, validation.at(-1)?.step ?? 1);
}
