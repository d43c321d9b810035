/** @file How long this process computes, whatever else the machine does meanwhile. */

/** Starts to count. The function returned gives the milliseconds computed since then, by all threads together. */
export function countCpuTime(): () => number {
  const started = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(started); // microseconds
    return (user + system) / 1000;
  };
}
