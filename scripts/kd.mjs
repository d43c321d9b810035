/** How scripts call `kd`: paths of the command and the project's other files, flags, and signals. */
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

/** @import { ChildProcess } from 'node:child_process' */

/** @param {string} path from the project's root */
export const inProject = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** The `kd` command, for `node`. */
export const KD = inProject('bin/kd.js');

/**
 * Arguments of `kd`: `--name value` for each setting.
 *
 * @param {Readonly<Record<string, string | number>>} settings
 */
export function flagsOf(settings) {
  return Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
}

/**
 * Lets a child have the signals that end this process, which then waits for it, as a run saves what it has, and ends as
 * it does. Ctrl-C is left to the terminal, which sends it to both: a second one would mean more.
 *
 * @param {ChildProcess} child
 */
export function passOnSignals(child) {
  /** @type {NodeJS.Signals | undefined} */
  let came;
  const pass = (/** @type {NodeJS.Signals} */ signal) => {
    came = signal;
    if (signal !== 'SIGINT') child.kill(signal);
  };
  const names = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);
  for (const name of names) process.on(name, pass);
  child.once('close', (status) => {
    if (came !== undefined) process.exit(status ?? 128 + constants.signals[came]);
    for (const name of names) process.off(name, pass);
  });
}
