/** @file Points of curves, and the one that a reader points at. */
import type { Point } from '../curve-chart.js';

/** The shares of the past that a smoothed curve may keep. */
export const SMOOTHING = { max: 0.98, step: 0.02 };

/** Points from which a curve is so dense that it is smoothed to begin with. */
const DENSE = 150;

/** The share of the past that curves keep to begin with, the longest having so many points. */
export function firstSmoothing(points: number): number {
  return points >= DENSE ? 0.6 : 0;
}

/** A loss that falls to less than this share begins on a logarithmic axis. */
export const STEEP = 0.4;

export const zip = (steps: readonly number[], values: readonly number[]): Point[] =>
  steps.map((step, i) => [step, values[i]!]);

/** Whether points stand for several values each. */
export function isMerged(min: readonly number[], max: readonly number[]): boolean {
  return min.some((value, i) => value < max[i]!);
}

/** Where the pointer is on the axis of steps. */
export function axisValue(params: unknown): number {
  return (params as { axisValue: number }[])[0]?.axisValue ?? NaN;
}

/** The index of the number nearest to one, among rising numbers. */
export function nearest(sorted: readonly number[], value: number): number {
  let [low, high] = [0, sorted.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low > 0 && value - sorted[low - 1]! < sorted[low]! - value ? low - 1 : low;
}

/**
 * The loss of always giving the teacher's mean, for a curve: of one language half of that of both, as both have the
 * same target.
 */
export function meanShare(baseline: number, curve: 'loss' | 'loss_en' | 'loss_ko'): number {
  return curve === 'loss' ? baseline : baseline / 2;
}
