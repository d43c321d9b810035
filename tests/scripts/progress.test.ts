/** @file What set-up shows while something takes long: lines, or on a terminal one line that is drawn again. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createProject } from '../../scripts/setup/project.mjs';
import { startByteProgress, startProgress } from '../../scripts/setup/progress.mjs';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A project, and what it shows. */
function project(isTTY: boolean, quiet = false) {
  const written: string[] = [];
  const stream = { isTTY, write: (text: string) => written.push(text) };
  return { written, ...createProject({ root: '.', env: {}, quiet, stream }) };
}

it('lines come after 2, 6, 14, 30, 50 s and then every 20 s, and none after the end', () => {
  const screen = project(false);
  const stop = startProgress(screen, (elapsed) => elapsed);
  vi.advanceTimersByTime(75_000);
  stop();
  vi.advanceTimersByTime(60_000);
  const times = ['2.0 s', '6.0 s', '14.0 s', '30.0 s', '50.0 s', '70.0 s'];
  expect(screen.written).toEqual(times.map((time) => `kd set-up: ${time}\n`));
});

it('a line on a terminal is drawn over the one before, and makes room for other lines and at the end', () => {
  const screen = project(true);
  const stop = startProgress(screen, (elapsed) => elapsed);
  vi.advanceTimersByTime(1250);
  screen.say('another');
  vi.advanceTimersByTime(250);
  stop();
  expect(screen.written).toEqual([
    '\r\x1b[Kkd set-up: 1.0 s',
    '\r\x1b[Kkd set-up: 1.3 s',
    '\r\x1b[Kkd set-up: another\n',
    '\r\x1b[Kkd set-up: 1.5 s',
    '\r\x1b[K',
  ]);
});

it.each([true, false])('nothing is shown when quiet, or when it is over soon (on a terminal: %s)', (isTTY) => {
  const quiet = project(isTTY, true);
  startProgress(quiet, (elapsed) => elapsed);
  const soon = project(isTTY);
  const stop = startProgress(soon, (elapsed) => elapsed);
  vi.advanceTimersByTime(900);
  stop();
  vi.advanceTimersByTime(60_000);
  expect([quiet.written, soon.written]).toEqual([[], []]);
});

it('bytes have a rate and the time left', () => {
  const screen = project(false);
  const progress = startByteProgress(screen, 'packing', 274e6);
  progress.add(27.4e6);
  vi.advanceTimersByTime(2000);
  progress.stop();
  expect(screen.written).toEqual(['kd set-up: packing: 27 MB of 274 MB, 14 MB/s, 0:18 left\n']);
});
