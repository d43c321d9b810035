/** How set-up shows that it is at work, where something takes longer than a moment. */
import { size, stopwatch } from './amounts.mjs';

/** @typedef {{ isTTY?: boolean, write: (text: string) => unknown }} Stream */

/**
 * Where progress goes: lines, or, on a terminal, one line that is drawn again and again.
 *
 * @typedef {object} Screen
 * @property {(line: string) => void} say
 * @property {Stream} stream
 * @property {boolean} terminal
 */

/** On a terminal: before the line is drawn, and between two drawings. */
const DRAWN_MS = { first: 1000, most: 250, factor: 1 };
/** Elsewhere: before the first line, and at most between two, as each wait is twice as long as the one before. */
const LINES_MS = { first: 2000, most: 20_000, factor: 2 };

/** Clears the line that `startProgress` draws on a terminal. */
export const CLEAR_LINE = '\r\x1b[K';

/**
 * Tells every now and then what is going on, until it is stopped; nothing at all if it is stopped soon.
 *
 * @param {Screen} screen
 * @param {(elapsed: string) => string} describe given the time since the start, as `6.2 s`
 * @returns {() => void} stops it
 */
export function startProgress({ say, stream, terminal }, describe) {
  const { first, most, factor } = terminal ? DRAWN_MS : LINES_MS;
  const elapsed = stopwatch();
  let isDrawn = false;
  let wait = first;
  const tell = () => {
    if (terminal) stream.write(`${CLEAR_LINE}kd set-up: ${describe(elapsed())}`);
    else say(describe(elapsed()));
    isDrawn = terminal;
    wait = Math.min(factor * wait, most);
    timer = setTimeout(tell, wait);
  };
  let timer = setTimeout(tell, wait);
  return () => {
    clearTimeout(timer);
    if (isDrawn) stream.write(CLEAR_LINE);
    isDrawn = false;
  };
}

/**
 * Does `work`, and tells every now and then for how long: `TypeScript: compiling for 6.2 s …`.
 *
 * @template T
 * @param {Screen} screen
 * @param {string} what
 * @param {() => Promise<T>} work
 */
export async function withProgress(screen, what, work) {
  const stop = startProgress(screen, (elapsed) => `${what} for ${elapsed} …`);
  return work().finally(stop);
}

/**
 * Says that something is waited for, and every now and then for how long: `another set-up is filling the cache: waiting
 * for it for 6.2 s …`.
 *
 * @param {Screen} screen
 * @param {string} why
 * @returns {() => void} to be called when the wait is over
 */
export function waitFor(screen, why) {
  screen.say(`${why}: waiting for it`);
  return startProgress(screen, (elapsed) => `${why}: waiting for it for ${elapsed} …`);
}

/**
 * Progress over a known number of bytes, with rate and time left.
 *
 * @param {Screen} screen
 * @param {string} title
 * @param {number} total
 */
export function startByteProgress(screen, title, total) {
  const start = performance.now();
  let bytes = 0;
  const stop = startProgress(screen, () => {
    const seconds = (performance.now() - start) / 1000;
    const left = bytes === 0 ? '' : `, ${duration((seconds * Math.max(total - bytes, 0)) / bytes)} left`;
    return `${title}: ${size(bytes)} of ${size(total)}, ${size(bytes / seconds)}/s${left}`;
  });
  return {
    /** @param {number} more */
    add(more) {
      bytes += more;
    },
    stop,
  };
}

/** @param {number} seconds */
function duration(seconds) {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}
