/**
 * A size in decimal units, as download sites give it: `274 MB`, `3.4 GB`.
 *
 * @param {number} bytes
 */
export function size(bytes) {
  return bytes < 999.5e6 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}

/** Starts a clock; the returned function tells the time since, as `6.2 s`. */
export function stopwatch() {
  const start = performance.now();
  return () => `${((performance.now() - start) / 1000).toFixed(1)} s`;
}

/** @param {readonly number[]} numbers */
export function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}
