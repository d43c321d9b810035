/** How scripts call `kd`: paths of the command and the project's other files, and flags. */
import { fileURLToPath } from 'node:url';

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
