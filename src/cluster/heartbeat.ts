/** @file Heartbeats: detects whether another process is alive. */

/** The most milliseconds between heartbeats. */
const MAX_INTERVAL = 5_000;
/** The fewest heartbeats within the time limit. */
const MIN_BEATS = 20;
/** The share of the time limit that is reserved for this process to end. */
const LEFT_FOR_ENDING = 0.1;
/** The most milliseconds to reserve for that. */
const MAX_FOR_ENDING = 5_000;

/** Monitors the other end of a channel. */
export interface Heartbeat {
  /** Records a sign of life from the other end. */
  heard(): void;
  stop(): void;
}

/**
 * Sends heartbeats, and calls `onSilent` when nothing has been heard for a time, early enough for this process to end
 * within the limit. Time in which this process itself was suspended does not count.
 *
 * @param limit milliseconds
 */
export function startHeartbeat(limit: number, beat: () => void, onSilent: () => void): Heartbeat {
  const interval = Math.min(MAX_INTERVAL, limit / MIN_BEATS);
  const allowed = limit - Math.min(MAX_FOR_ENDING, LEFT_FOR_ENDING * limit) - interval; // checked once per interval
  let [heardAt, lookedAt] = [performance.now(), performance.now()];
  let afterReading: NodeJS.Immediate | undefined;
  const timer = setInterval(() => {
    const now = performance.now();
    if (now - lookedAt > limit / 2) heardAt += now - lookedAt;
    lookedAt = now;
    // What came while this process was busy or suspended is read first: it may say why the other end closed, which a
    // beat would answer with a broken pipe.
    afterReading = setImmediate(() => {
      beat();
      if (now - heardAt >= allowed) onSilent();
    });
  }, interval);
  return {
    heard: () => {
      heardAt = performance.now();
    },
    stop: () => {
      clearInterval(timer);
      clearImmediate(afterReading);
    },
  };
}
