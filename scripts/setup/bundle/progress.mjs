import { size } from '../amounts.mjs';

/** @typedef {{ isTTY?: boolean, write: (text: string) => unknown }} Stream */

const INTERVAL_MS = 200;

/**
 * Progress over a known number of bytes; on a terminal, a single line with rate and time left.
 *
 * @param {Stream} stream
 * @param {{ terminal: boolean, title: string, total: number }} options
 */
export function createProgress(stream, { terminal, title, total }) {
  const start = performance.now();
  let [bytes, shown] = [0, -Infinity];
  const draw = () => {
    const seconds = (performance.now() - start) / 1000;
    const left = bytes === 0 ? '' : `, ${duration((seconds * Math.max(total - bytes, 0)) / bytes)} left`;
    const share = `${size(bytes)} of ${size(total)}, ${size(bytes / Math.max(seconds, 1e-3))}/s${left}`;
    stream.write(`\r\x1b[Kkd set-up: ${title}: ${share}`);
  };
  return {
    /** @param {number} more */
    add(more) {
      bytes += more;
      if (!terminal || performance.now() - shown < INTERVAL_MS) return;
      shown = performance.now();
      draw();
    },
    /** Clears the line, so that others can write. */
    clear() {
      if (terminal && shown > -Infinity) stream.write('\r\x1b[K');
    },
  };
}

/** @param {number} seconds */
function duration(seconds) {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}
