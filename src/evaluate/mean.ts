/** The mean of values: of all, or of those at the places named. */
export function meanOf(values: ArrayLike<number>, places?: Uint32Array): number {
  let sum = 0;
  if (places === undefined) for (let i = 0; i < values.length; i++) sum += values[i];
  else for (const place of places) sum += values[place];
  return sum / (places ?? values).length;
}
