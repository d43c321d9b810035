import { afterEach, expect, it, vi } from 'vitest';
import { onStopSignals } from '../../src/base/stop-signals.js';

afterEach(() => {
  vi.unstubAllEnvs();
});

it.each([
  ['/usr/bin/nohup', false],
  ['/usr/bin/node', true],
  [undefined, true],
])('a terminal that closes is a request to stop, but not under nohup (%s)', (started, stops) => {
  vi.stubEnv('_', started);
  const codes: number[] = [];
  const ignored = (): void => undefined;
  process.on('SIGHUP', ignored); // as `kd` does
  const stop = onStopSignals((exitCode) => {
    codes.push(exitCode);
  });
  try {
    process.emit('SIGHUP', 'SIGHUP');
    expect([stop.signal.aborted, codes]).toEqual([stops, stops ? [129] : []]);
    process.emit('SIGTERM', 'SIGTERM');
    expect([stop.signal.aborted, codes]).toEqual([true, stops ? [129] : [143]]);
  } finally {
    stop.dispose();
    process.off('SIGHUP', ignored);
  }
});
