import type { ValidationPoint } from './report-data.js';

/** The finite losses of validations. */
export function lossesOf(validation: readonly ValidationPoint[]): number[] {
  return validation.flatMap(({ loss }) => loss ?? []);
}

/** Losses that fall below this share of the first are plotted on a logarithmic axis initially. */
const STEEP = 0.4;

/**
 * Whether losses fall so far that only a logarithmic axis shows them well.
 *
 * @param from the initial loss
 */
export function isSteep(losses: readonly number[], from = losses[0]!): boolean {
  return losses.length > 1 && Math.min(...losses) < STEEP * from;
}
