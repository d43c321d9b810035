/** The number of values in a tensor of a shape; 1 for a scalar's `[]`. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, dimension) => size * dimension, 1);
}

/** Whether a value is a size of a dimension, an offset or a stride: a whole number of at least 0. */
export function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Whether a value is a list of sizes, such as a shape. */
export function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every(isSize);
}
