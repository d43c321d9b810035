import { isEnglish, type TextColumns } from '../columns.js';
import { printable } from '../../errors.js';
import type { Place, Row } from '../pair.js';
import { REPLACEMENT } from './utf8.js';

/** What stands for bytes that could not be decoded, and the byte 0, of which the holes in damaged files consist. */
const NO_TEXT = new RegExp(`[\0${REPLACEMENT}]`);

/**
 * The row that stands at a place: a pair, the other way round where it was translated from English, or an unreadable
 * row where a text holds bytes that are none.
 */
export function rowOf(place: Place, first: string, second: string, language?: string): Row {
  if (NO_TEXT.test(first) || NO_TEXT.test(second)) return faultyRow(place, 'expected text, got bytes that are not');
  if (language !== undefined && isEnglish(language)) return { ko: second, en: first, isTurned: true, ...place };
  return { ko: first, en: second, ...place };
}

/** A row that cannot be read. The fault may quote the file. */
export function faultyRow(place: Place, fault: string): Row {
  return { fault: printable(fault), ...place };
}

/** The names of the columns for messages: `ko and en`. */
export function describeColumns({ ko, en }: TextColumns): string {
  return `${ko} and ${en}`;
}
