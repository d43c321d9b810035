/** @file How the user runs kd, for messages that say what to type next. */

/**
 * What the user types to run kd: `npx kd` if npm started this process (`npx kd`, `npm start`), since the shell may not
 * find `kd`; else `kd`. A run's pages show commands the same way, since they are typed in the same folder.
 *
 * `bin/kd.js` repeats this rule, because it also runs before dist/ exists.
 */
export const KD = process.env.npm_command === undefined || process.env.npm_command === '' ? 'kd' : 'npx kd';
