/** A size in decimal megabytes, as download sites give it: `274 MB`. */
export function megabytes(bytes) {
  return `${Math.round(bytes / 1e6)} MB`;
}

/** Starts a clock; the returned function tells the time since, as `6.2 s`. */
export function stopwatch() {
  const start = performance.now();
  return () => `${((performance.now() - start) / 1000).toFixed(1)} s`;
}
