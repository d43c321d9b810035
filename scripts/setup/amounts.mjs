/**
 * A size in decimal units, as download sites give it: `61 kB`, `274 MB`, `3.4 GB`.
 *
 * @param {number} bytes
 */
export function size(bytes) {
  if (bytes < 999.5e3) return `${Math.round(bytes / 1e3)} kB`;
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
