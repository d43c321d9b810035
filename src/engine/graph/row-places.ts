/** @file Where a row loop finds the rows of its values. */
import { sizeOf } from '../../base/shape.js';

/** The sizes of a group's largest value. */
export interface Space {
  readonly rows: number;
  readonly width: number;
}

/** What a row of the loop reads of a value. */
export interface Place {
  /** Whether it is a row of numbers, or a single one. */
  readonly isArray: boolean;
  /** How many rows the value has. */
  readonly rows: number;
  /** Row `r` of the loop reads the row that is the sum of `(r / divisor % size) · stride`. */
  readonly terms: readonly { readonly divisor: number; readonly size: number; readonly stride: number }[];
}

/** How many rows a value has; a row is its last axis. */
export const rowsOf = (shape: readonly number[]): number => sizeOf(shape) / (shape.at(-1) ?? 1);

/**
 * Where an operand of an op finds its rows; undefined if they are no rows of the loop.
 *
 * @param result the shape of the op's result
 */
export function placeIn(shape: readonly number[], result: readonly number[], { width }: Space): Place | undefined {
  const last = shape.at(-1) ?? 1;
  if (last !== 1 && last !== width) return undefined;
  const outer = result.slice(0, -1);
  const ones = Array.from({ length: Math.max(0, result.length - shape.length) }, () => 1);
  const own = [...ones, ...shape].slice(0, -1);
  const extra = own.splice(0, own.length - outer.length);
  if (extra.some((size) => size !== 1) || own.some((size, i) => size !== 1 && size !== outer[i])) return undefined;
  const terms: Place['terms'][number][] = []; // one for each run of axes along which the operand is not broadcast
  for (let end = own.length; end > 0;) {
    let start = end;
    while (start > 0 && own[start - 1] === outer[start - 1]) start--;
    const size = sizeOf(own.slice(start, end));
    if (size > 1) terms.unshift({ divisor: sizeOf(outer.slice(end)), size, stride: sizeOf(own.slice(end)) });
    end = Math.min(start, end - 1);
  }
  return { isArray: last === width, rows: sizeOf(own), terms };
}
