/** @file Heartbeats: whether another process is alive. */

/** Milliseconds from one sign of life to the next, at most. */
const MOST_BETWEEN = 5_000;
/** Signs of life within the time limit, at least. */
const LEAST_BEATS = 20;
/** The share of the time limit that is left for this process to end in. */
const LEFT_FOR_ENDING = 0.1;
/** What that share comes to at most, in milliseconds. */
const MOST_FOR_ENDING = 5_000;

/** Watches over the other side of a channel. */
export interface Heartbeat {
  /** Notes a sign of life of the other side. */
  heard(): void;
  stop(): void;
}

/**
 * Sends signs of life, and calls `onSilent` when nothing was heard for a time: so early that this process can end
 * within the limit. Time in which this process itself did not go on, as when it was stopped, does not count.
 *
 * @param limit milliseconds
 */
export function startHeartbeat(limit: number, beat: () => void, onSilent: () => void): Heartbeat {
  const interval = Math.min(MOST_BETWEEN, limit / LEAST_BEATS);
  const allowed = limit - Math.min(MOST_FOR_ENDING, LEFT_FOR_ENDING * limit) - interval; // it is looked at as often
  let [heardAt, lookedAt] = [performance.now(), performance.now()];
  let judged: NodeJS.Immediate | undefined;
  const isSilent = (): boolean => performance.now() - heardAt >= allowed;
  const timer = setInterval(() => {
    const now = performance.now();
    if (now - lookedAt > limit / 2) heardAt += now - lookedAt;
    lookedAt = now;
    beat();
    if (isSilent())
      judged = setImmediate(() => {
        if (isSilent()) onSilent(); // what came while this process was busy is read by now
      });
  }, interval);
  return {
    heard: () => {
      heardAt = performance.now();
    },
    stop: () => {
      clearInterval(timer);
      clearImmediate(judged);
    },
  };
}
