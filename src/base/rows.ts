/** @file Rows of a matrix stored in a typed array, row after row. */

type Values = Float32Array | Int32Array;

/** Gathers rows, in the order of `places`. */
export function takeRows<T extends Values>(values: T, places: Uint32Array, size: number): T {
  const rows = new (values.constructor as new (length: number) => T)(places.length * size);
  for (const [i, place] of places.entries()) rows.set(values.subarray(place * size, (place + 1) * size), i * size);
  return rows;
}

/** Scatters rows: row i goes to `places[i]`. */
export function putRows<T extends Values>(target: T, places: Uint32Array, rows: T): void {
  const size = rows.length / places.length;
  for (const [i, place] of places.entries()) target.set(rows.subarray(i * size, (i + 1) * size), place * size);
}
