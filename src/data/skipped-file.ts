/** @file What to say of files that are not read, and of sheets and arrays that are not in a file that is. */
import { printable } from '../base/errors.js';
import { shownNames } from './column-faults.js';

/** A file that is not read, or with sheets or arrays that are not, and why. */
export interface SkippedFile {
  readonly file: string;
  readonly why: string;
}

/** A file that is not read. The reason may quote it. */
export function skippedFile(file: string, why: string): SkippedFile {
  return { file, why: printable(why) };
}

/** A sheet of a workbook, or the arrays of a JSON file under some keys. */
export interface PartWithoutPairs {
  readonly name: string;
  readonly reason: string;
}

/**
 * Why parts of a file are not read, in one line that names the first of them.
 *
 * @param what how many there are, such as `2 of 3 sheets`
 */
export function whyUnread(what: string, parts: readonly PartWithoutPairs[]): string {
  const shown = shownNames(parts.map(({ name }) => name));
  return `${what} without pairs: ${shown}; ${parts.length === 1 ? '' : 'in the first, '}${parts[0]!.reason}`;
}
