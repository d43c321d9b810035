/** @file Signs of life between processes: who is silent is found out in time, and nobody else. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startHeartbeat, type Heartbeat } from '../../src/cluster/heartbeat.js';

const LIMIT = 5_000;

describe('a heartbeat', () => {
  let clock: number;
  let silentAt: number | undefined;
  let beats: number;
  let heartbeat: Heartbeat;

  /** Time in which this process continues. */
  function pass(milliseconds: number): void {
    for (const until = clock + milliseconds; clock < until;) {
      clock += 10;
      vi.advanceTimersByTime(10);
    }
  }

  beforeEach(() => {
    [clock, silentAt, beats] = [0, undefined, 0];
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setImmediate', 'clearImmediate'] });
    vi.spyOn(performance, 'now').mockImplementation(() => clock);
    heartbeat = startHeartbeat(
      LIMIT,
      () => beats++,
      () => (silentAt ??= clock),
    );
  });
  afterEach(() => {
    heartbeat.stop();
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  it('is silent after four fifths of the time limit, which leaves a tenth for the process to end', () => {
    pass(LIMIT);
    expect(silentAt).toBeGreaterThan(0.8 * LIMIT);
    expect(silentAt).toBeLessThanOrEqual(0.9 * LIMIT);
  });

  it('continues as long as it is heard', () => {
    for (let i = 0; i < 10; i++) {
      pass(0.75 * LIMIT);
      heartbeat.heard();
    }
    expect(silentAt).toBeUndefined();
    expect(beats).toBeGreaterThan(100);
  });

  it('does not get more time from a process that is busy for a second', () => {
    pass(0.5 * LIMIT);
    clock += 1_000;
    pass(LIMIT);
    expect(silentAt).toBeLessThanOrEqual(0.9 * LIMIT);
  });

  it.each([0.7, 10])('does not count the time in which this process was suspended: %d limits', (limits) => {
    pass(0.3 * LIMIT);
    clock += limits * LIMIT;
    pass(0.4 * LIMIT);
    expect(silentAt).toBeUndefined();
    pass(0.3 * LIMIT);
    expect(silentAt).toBeDefined();
  });

  it('reads what came while this process was suspended before it says anything', () => {
    pass(0.31 * LIMIT);
    const before = beats;
    clock += 10 * LIMIT;
    vi.advanceTimersToNextTimer();
    heartbeat.stop(); // what is read is why the other end has closed
    vi.advanceTimersByTime(LIMIT);
    expect(beats).toBe(before);
  });

  it('counts messages that arrived while this process was busy', () => {
    pass(0.84 * LIMIT);
    clock += 0.2 * LIMIT;
    vi.advanceTimersToNextTimer(); // it looks; then what came is read
    heartbeat.heard();
    pass(0.5 * LIMIT);
    expect(silentAt).toBeUndefined();
  });
});
