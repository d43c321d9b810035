/** @file Smoothing and hover lookup for the points of curves. */
import type { Point } from '../curve-series.js';

/** With at least this many points, a curve is so dense that it is smoothed initially. */
const DENSE = 150;

/** The initial smoothing weight, given the number of points of the longest curve. */
export function firstSmoothing(points: number): number {
  return points >= DENSE ? 0.6 : 0;
}

/** The index of the nearest number in an ascending list. */
export function nearest(sorted: readonly number[], value: number): number {
  let [low, high] = [0, sorted.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low > 0 && value - sorted[low - 1]! < sorted[low]! - value ? low - 1 : low;
}

/** The point of a line nearest to a position on the axis; undefined if it has none there. */
export function pointAt(points: readonly Point[], at: number): Point | undefined {
  return points[
    nearest(
      points.map(([step]) => step),
      at,
    )
  ];
}
