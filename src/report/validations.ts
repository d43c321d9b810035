import type { ValidationPoint } from './report-data.js';

/** The validation with the lowest loss; undefined where none has a finite one. */
export function bestOf(validation: readonly ValidationPoint[]): ValidationPoint | undefined {
  return validation.reduce<ValidationPoint | undefined>(
    (best, point) => (point.loss !== null && point.loss < (best?.loss ?? Infinity) ? point : best),
    undefined,
  );
}

/** The losses of validations that have a finite one. */
export function lossesOf(validation: readonly ValidationPoint[]): number[] {
  return validation.flatMap(({ loss }) => loss ?? []);
}

/** Losses that fall to less than this share are drawn on a logarithmic axis, to begin with. */
const STEEP = 0.4;

/**
 * Whether losses fall so far that only a logarithmic axis shows all of it.
 *
 * @param from where they begin
 */
export function isSteep(losses: readonly number[], from = losses[0]!): boolean {
  return losses.length > 1 && Math.min(...losses) < STEEP * from;
}
