/** @file How names, shapes and values from untrusted files appear in a one-line message. */
import { InputError } from '../base/errors.js';

/** What to do about a file that is damaged, or that a program wrote wrongly. */
export const GET_AGAIN = 'get the file again';

/**
 * The error for such a file.
 *
 * @param fault what was expected, and what was found
 */
export function damagedFile(where: string, fault: string, remedy = GET_AGAIN): InputError {
  return new InputError(`${where}: ${fault}; ${remedy}`);
}

const LONGEST_NAME = 120;
const MAX_DIMENSIONS = 8;

/** A name from a file, shortened to a readable length and with control characters escaped. */
export function shown(name: string): string {
  const text = name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME)}…` : name;
  return /^[\x20-\x7e\xa0-\u2027\u202f-\ud7ff…]+$/u.test(text)
    ? text
    : JSON.stringify(text).replace(/[\u007f-\u009f\u2028\u2029]/g, '?');
}

/** A shape as `[2, 3]`. */
export function shownShape(shape: readonly number[]): string {
  const more = shape.length > MAX_DIMENSIONS ? ', …' : '';
  return `[${shape.slice(0, MAX_DIMENSIONS).join(', ')}${more}]`;
}

/** A value from a JSON file, in brief: a scalar as it is, a list by its first items, anything deeper as `…`. */
export function shownValue(value: unknown): string {
  if (value === undefined) return 'none';
  if (!Array.isArray(value)) return shownScalar(value);
  const more = value.length > MAX_DIMENSIONS ? ', …' : '';
  return `[${value.slice(0, MAX_DIMENSIONS).map(shownScalar).join(', ')}${more}]`;
}

function shownScalar(value: unknown): string {
  if (typeof value === 'string') return shown(value) === value ? `"${value}"` : shown(value);
  return typeof value === 'object' && value !== null ? '…' : String(value);
}
