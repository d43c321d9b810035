/**
 * Projects the duration of the original project's final run from measured rates, next to its time on one RTX 3060.
 *
 *   node scripts/bench/project.mjs --train 1500 --validate 4000     pairs a second, as `npm run check:gpu` prints them
 */
import { realpathSync } from 'node:fs';
import { POSITIVE } from '#dist/base/kinds.js';
import { readArguments } from '../arguments.mjs';

/** @import { Kind } from '#dist/base/kinds.js' */

/** 1,000,000 pairs: four fifths for training in each of 10 epochs, one fifth for validation after each. */
const FINAL_RUN = { trained: 8_000_000, validated: 10 * 200_000 };
/** From the original's log: 24 h 42 m 58 s, at 101 and 214 pairs a second. */
const ORIGINAL_SECONDS = 24 * 3600 + 42 * 60 + 58;

/** @typedef {{ train: number, validate: number }} Rates pairs a second */

/**
 * Seconds of the final run at rates in pairs a second, without start-up and checkpoints.
 *
 * @param {Rates} rates
 */
export function finalRunSeconds({ train, validate }) {
  return FINAL_RUN.trained / train + FINAL_RUN.validated / validate;
}

/**
 * `final run: 1 h 37 m 13 s (… ), 15.3 × as fast as 24 h 42 m 58 s on an RTX 3060`
 *
 * @param {Rates} rates
 */
export function projection(rates) {
  const seconds = finalRunSeconds(rates);
  return (
    `final run: ${duration(seconds)} projected (8,000,000 pairs trained at ${rates.train}/s, ` +
    `2,000,000 validated at ${rates.validate}/s), ${(ORIGINAL_SECONDS / seconds).toFixed(1)} × as fast ` +
    `as the original's ${duration(ORIGINAL_SECONDS)} on an RTX 3060`
  );
}

/** @param {number} seconds */
function duration(seconds) {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 3600)} h ${Math.floor(whole / 60) % 60} m ${whole % 60} s`;
}

/** @type {Kind<number>} */
const RATE = { ...POSITIVE, expected: 'pairs a second, as npm run check:gpu measures them' };

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === import.meta.filename) {
  const { flags } = readArguments(import.meta.filename, {
    train: { kind: RATE, isRequired: true },
    validate: { kind: RATE, isRequired: true },
  });
  console.log(projection(flags));
}
