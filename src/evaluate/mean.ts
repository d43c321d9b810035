/** A series of numbers. */
export type Series = Float64Array | readonly number[];

/** The mean of all values, or of those at the given indices. */
export function meanOf(values: Series, places?: Uint32Array): number {
  let sum = 0;
  if (places === undefined) for (const value of values) sum += value;
  else for (const place of places) sum += values[place]!;
  return sum / (places ?? values).length;
}
