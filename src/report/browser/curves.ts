/** @file Points of curves, and the one that a reader points at. */
import type { Point } from '../curve-series.js';

/** Points from which a curve is so dense that it is smoothed to begin with. */
const DENSE = 150;

/** The share of the past that curves keep to begin with, the longest having so many points. */
export function firstSmoothing(points: number): number {
  return points >= DENSE ? 0.6 : 0;
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

/** The point of a line that is nearest to a place on the axis; undefined where it has none. */
export function pointAt(points: readonly Point[], at: number): Point | undefined {
  return points[
    nearest(
      points.map(([step]) => step),
      at,
    )
  ];
}
