import { inspect } from 'node:util';
import { isEnglish, type TextColumns } from '../columns.js';
import { printable } from '../../base/errors.js';
import type { Place, Row } from '../pair.js';
import { REPLACEMENT } from './utf8.js';

/**
 * Matches what is not text: the replacement for bytes that could not be decoded; the byte 0, which fills holes in
 * damaged files; half of a surrogate pair.
 */
const NO_TEXT = new RegExp(`[\\0${REPLACEMENT}\\p{Cs}]`, 'u');

/** What to do about bytes that are not text. */
const CORRECT = 'correct the row, or save the file as UTF-8';

/** The most characters of a value in a message. */
const MAX_SHOWN = 40;

/**
 * Makes the row at a place: a pair, swapped if it was translated from English, or an unreadable row if a text contains
 * invalid bytes, or half of a surrogate pair, which JSON can contain.
 */
export function rowOf(place: Place, first: string, second: string, language?: string): Row {
  if (NO_TEXT.test(first) || NO_TEXT.test(second))
    return faultyRow(place, `expected text, got bytes that are not; ${CORRECT}`);
  if (language !== undefined && isEnglish(language)) return { ko: second, en: first, isSwapped: true, ...place };
  return { ko: first, en: second, ...place };
}

/**
 * Makes a row of values from a typed format: Korean text, English text and language. A missing value counts as empty;
 * one that is not text makes the row unreadable.
 */
export function rowOfValues(place: Place, columns: TextColumns, [ko, en, language]: readonly unknown[]): Row {
  for (const [name, value] of [
    [columns.ko, ko],
    [columns.en, en],
  ] as const) {
    if (value == null || typeof value === 'string') continue;
    return faultyRow(place, `expected text in ${name}, got ${shownValue(value)}; ${textRemedy(value)}`);
  }
  const said = typeof language === 'string' ? language : undefined;
  return rowOf(place, (ko as string | null | undefined) ?? '', (en as string | null | undefined) ?? '', said);
}

/** What to do about a value that is not text. */
export function textRemedy(value: unknown): string {
  return typeof value === 'object' ? 'write one text per row' : 'write it as text';
}

/** Describes a value for a message: in full if it is short, else its kind. */
function shownValue(value: unknown): string {
  if (typeof value === 'bigint') return String(value);
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (typeof value !== 'object') return inspect(value).slice(0, MAX_SHOWN);
  return Array.isArray(value) || (value !== null && Symbol.iterator in value) ? 'a list' : 'a structure';
}

/** The values of a row that are texts; others become empty. */
export function textsAmong(values: readonly unknown[]): string[] {
  return values.map((value) => (typeof value === 'string' ? value : ''));
}

/** Makes an unreadable row. The fault says what was expected, what came and what to do; it may quote the file. */
export function faultyRow(place: Place, fault: string): Row {
  return { fault: printable(fault), ...place };
}

/** The names of the columns for messages: `ko and en`. */
export function describeColumns({ ko, en }: TextColumns): string {
  return `${ko} and ${en}`;
}
