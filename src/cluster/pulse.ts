/** @file Whether another process is alive: it says so now and then. */

/** Milliseconds from one sign of life to the next, at most. */
const MOST_BETWEEN = 5_000;

/** Watches over the other side of a channel. */
export interface Pulse {
  /** It was heard of. */
  heard(): void;
  stop(): void;
}

/**
 * Sends signs of life, and calls `onSilent` when nothing was heard for a time. Time in which this process itself did
 * not go on, as when it was stopped, does not count.
 *
 * @param limit milliseconds
 */
export function watchPulse(limit: number, beat: () => void, onSilent: () => void): Pulse {
  const interval = Math.min(MOST_BETWEEN, limit / 10);
  let [heardAt, lookedAt] = [performance.now(), performance.now()];
  const timer = setInterval(() => {
    const now = performance.now();
    if (now - lookedAt > 2 * interval) heardAt = now; // what came meanwhile is not read yet
    lookedAt = now;
    beat();
    if (now - heardAt >= limit - interval) onSilent();
  }, interval);
  return {
    heard: () => {
      heardAt = performance.now();
    },
    stop: () => {
      clearInterval(timer);
    },
  };
}
