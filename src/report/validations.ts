import type { ValidationPoint } from './report-data.js';

/** The validation with the lowest loss; undefined where none has a finite one. */
export function bestOf(validation: readonly ValidationPoint[]): ValidationPoint | undefined {
  return validation.reduce<ValidationPoint | undefined>(
    (best, point) => (point.loss !== null && point.loss < (best?.loss ?? Infinity) ? point : best),
    undefined,
  );
}
