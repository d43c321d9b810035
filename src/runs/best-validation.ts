/**
 * The validation with the lowest loss; undefined if none is finite. That of the untrained student, at step 0, does not
 * count: it is not a result of the run, and has no checkpoint.
 */
export function bestValidation<T extends { readonly step: number; readonly loss: number | null }>(
  validations: readonly T[],
): T | undefined {
  return validations
    .filter(({ step }) => step > 0)
    .reduce<T | undefined>(
      (best, each) => (each.loss !== null && each.loss < (best?.loss ?? Infinity) ? each : best),
      undefined,
    );
}
