/** @file How kd is called here, for messages that say what to type next. */

/**
 * What the user types before a command of kd: `npx kd` where npm has started this process (`npx kd`, `npm start`),
 * which finds a kd that the shell does not; else `kd`. What is kept in files says `kd`: it outlives the shell.
 *
 * `bin/kd.js` has the rule once more, as it runs where dist/ is not there yet.
 */
export const KD = process.env.npm_command === undefined || process.env.npm_command === '' ? 'kd' : 'npx kd';
