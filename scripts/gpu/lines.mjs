/** @file Prints the lines of the check, and starts its processes. */
import { spawnSync } from 'node:child_process';
import { fatalMessage } from '#dist/tensorflow/fatal-message.js';

/** Lines that were `✗`. */
let failed = 0;

export function failures() {
  return failed;
}

/**
 * @param {boolean | undefined} ok undefined: not seen
 * @param {string} name
 * @param {string} found
 */
export function tell(ok, name, found) {
  if (ok === false) failed++;
  console.log(`${ok === undefined ? '–' : ok ? '✓' : '✗'} ${name.padEnd(24)}${found}`);
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {string} [cwd]
 * @param {NodeJS.ProcessEnv} [env]
 */
export function run(command, args, cwd = process.cwd(), env = process.env) {
  return spawnSync(command, args, { cwd, env, encoding: 'utf8', maxBuffer: 2 ** 26 });
}

/** @param {string | null} text */
export function lastLine(text) {
  return (text ?? '').trim().split('\n').at(-1) ?? '';
}

/**
 * The message of a failed process: its error, what TensorFlow says as it ends the process, or else its last line.
 *
 * @param {string} stderr
 */
export function complaint(stderr) {
  const message = /^\w*Error: (.+)$/m.exec(stderr)?.[1] ?? fatalMessage(stderr) ?? lastLine(stderr);
  return message.slice(0, 300) || 'ended without a word: killed, for memory perhaps';
}

/** @param {number} value */
export function rate(value) {
  return value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toFixed(1);
}
