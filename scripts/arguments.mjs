/**
 * The command lines of the scripts: flags whose values are checked, `--help`, and one line for what is wrong.
 */
import { readFileSync, writeSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { printable } from '#dist/base/errors.js';
import { SWITCH } from '#dist/base/kinds.js';

/** @import { Kind, ValueOf } from '#dist/base/kinds.js' */

/**
 * A flag. Without a default, its value may be absent; a required one is refused if it is not given.
 *
 * @typedef {{ readonly kind: Kind<unknown>, readonly default?: unknown, readonly isRequired?: true }} Flag
 */

/**
 * The values of flags.
 *
 * @template {Readonly<Record<string, Flag>>} F
 * @typedef {{
 *   readonly [N in keyof F]: F[N] extends { default: unknown } | { isRequired: true }
 *     ? ValueOf<F[N]['kind']>
 *     : ValueOf<F[N]['kind']> | undefined
 * }} Values
 */

/**
 * Reads the command line of a script. With `--help`, it prints the comment that the script begins with, and ends. What
 * is wrong ends it with one line and exit code 1.
 *
 * @template {Readonly<Record<string, Flag>>} F
 * @param {string} script its file
 * @param {F} flags
 * @param {string} [others] what other arguments are; none are taken if absent
 * @returns {{ flags: Values<F>, others: string[] }}
 */
export function readArguments(script, flags, others) {
  const { values, positionals } = parse(script, flags, others);
  const read = Object.entries(flags).map(([name, flag]) => [name, valueOf(name, flag, values[name])]);
  return { flags: Object.fromEntries(read), others: positionals };
}

/**
 * Ends the process with one line on standard error, and exit code 1.
 *
 * @param {string} message
 * @returns {never}
 */
export function refuse(message) {
  writeSync(2, `error: ${printable(message)}\n`);
  return process.exit(1);
}

/**
 * @param {string} script
 * @param {Readonly<Record<string, Flag>>} flags
 * @param {string | undefined} others
 */
function parse(script, flags, others) {
  /** @type {import('node:util').ParseArgsConfig['options']} */
  const options = { help: { type: 'boolean', short: 'h' } };
  for (const [name, { kind }] of Object.entries(flags))
    options[name] = { type: kind === SWITCH ? 'boolean' : 'string' };
  try {
    const parsed = parseArgs({ options, allowPositionals: others !== undefined });
    if (parsed.values.help === true) printHelp(script);
    return parsed;
  } catch (error) {
    const [what = ''] = (error instanceof Error ? error.message : String(error)).split(/\.?\n|\. |\.$/);
    return refuse(`${what}; --help shows what this script takes`);
  }
}

/**
 * @param {string} name
 * @param {Flag} flag
 * @param {unknown} given
 */
function valueOf(name, { kind, default: usual, isRequired }, given) {
  if (given === undefined) return isRequired ? refuse(`--${name}: expected ${kind.expected}, got nothing`) : usual;
  const value = typeof given === 'string' ? kind.parse(given) : given;
  return kind.is(value) ? value : refuse(`--${name}: expected ${kind.expected}, got ${JSON.stringify(given)}`);
}

/**
 * Prints the first comment of a script, which says what it does and takes, and ends the process.
 *
 * @param {string} script
 */
function printHelp(script) {
  const [, comment = ''] = /^\/\*\*\n?([^]*?)\*\//m.exec(readFileSync(script, 'utf8')) ?? [];
  const text = comment.replaceAll(/^ ?\*? ?/gm, '').replace(/^@file /, '');
  writeSync(1, `${text.trim()}\n`);
  process.exit(0);
}
