import { messageOf } from '../../base/errors.js';
import { describe, isObject, type JsonObject } from '../../base/json-schema.js';
import { shownNames } from '../column-faults.js';
import { isSameName, type TextColumns } from '../columns.js';
import type { Place, Row } from '../pair.js';
import type { PairSource } from '../source.js';
import { MAX_ELEMENT_BYTES, TOO_LONG, type ElementText } from './json-cutter.js';
import { whyRepeated } from './json-repeats.js';
import { boundedLinesOf, tooLongReason, type BoundedLine } from './text-lines.js';
import { describeColumns, faultyRow, rowOf, textRemedy } from './row-maker.js';

/** What JSON objects hold: a pair each, or a list of them under some keys. */
export type ObjectRows = Pick<PairSource, 'columns' | 'corpus' | 'inner'>;

/** Reads the rows of a text in UTF-8 with a JSON object per line. Skips blank lines. */
export async function* readJsonLines(pieces: AsyncIterable<Buffer>, source: PairSource): AsyncGenerator<Row[]> {
  const { id: file } = source;
  let row = 0;
  for await (const lines of boundedLinesOf(pieces, MAX_ELEMENT_BYTES)) {
    const places = lines.map((text) => ({ text, row: ++row }));
    yield places.flatMap(({ text, row: line }) =>
      text === '' || (text !== undefined && isBlank(text)) ? [] : rowsOfLine(text, source, { file, row: line }),
    );
  }
}

/** The rows of a line. If it is not JSON, it may be several that end in carriage returns. */
function rowsOfLine(text: BoundedLine, table: ObjectRows, place: ElementPlace): Row[] {
  if (text === undefined)
    return [faultyRow({ ...place, corpus: table.corpus }, tooLongReason('line', MAX_ELEMENT_BYTES))];
  const object = parseObject(text);
  if (typeof object !== 'string') return rowsOfObject(object, text, table, place);
  const lines = text.split('\r').filter((line) => line.trim() !== '');
  if (lines.length > 1) return lines.flatMap((line) => rowsOfText(line, table, place));
  return [faultyRow({ ...place, corpus: table.corpus }, object)];
}

/** Parses an element or a line as an object, or says why it is not one, and what to do. */
export function parseObject(text: ElementText): JsonObject | string {
  if (text === undefined) return TOO_LONG;
  try {
    const value = parseLeniently(text);
    return isObject(value) ? value : wrongElement(value);
  } catch (error) {
    return `${notJson(error)}; ${jsonRemedy(text)}`;
  }
}

/** A string, which is skipped, or a number that Python writes but JSON does not have. */
const STRING_OR_NUMBER = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\bInfinity\b|\bNaN\b/gs;

/**
 * What may precede or follow a value besides white space, which includes the byte order mark of a file that was joined
 * to another: the separator of a sequence (RFC 7464), and the end of a text file under DOS.
 */
const MARKS: ReadonlySet<string> = new Set(['\x1e', '\x1a']);

/**
 * Parses JSON, reading `NaN`, `Infinity` and `-Infinity` as `null`, and passing over marks around it. Throws a
 * `SyntaxError`.
 */
export function parseLeniently(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const value = withoutMarks(text);
    if (value.length === text.length && !/NaN|Infinity/.test(text)) throw error;
    return JSON.parse(value.replace(STRING_OR_NUMBER, (found) => (found.startsWith('"') ? found : 'null')));
  }
}

/** Whether a line has no value. */
export function isBlank(line: string): boolean {
  return withoutMarks(line) === '';
}

function withoutMarks(text: string): string {
  let [start, end] = [0, text.length];
  const isMark = (character: string): boolean => MARKS.has(character) || character.trim() === '';
  while (start < end && isMark(text[start]!)) start++;
  while (end > start && isMark(text[end - 1]!)) end--;
  return text.slice(start, end);
}

/** Why a text is not JSON. */
export function notJson(error: unknown): string {
  return `expected JSON, got something else (${messageOf(error)})`;
}

/** What to do about a text that is not JSON. */
export function jsonRemedy(text: string): string {
  const outsideStrings = text.replace(STRING_OR_NUMBER, '').replaceAll(/'[^'\n]*'/g, '');
  return /\/[/*]|#/.test(outsideStrings) ? 'remove the comments' : 'write it as JSON again';
}

/** Where an element is. */
export type ElementPlace = Omit<Place, 'corpus'>;

/** The rows of an element or a line: one, unless its pairs are in a list. */
export function rowsOfText(text: ElementText, table: ObjectRows, place: ElementPlace): Row[] {
  const object = parseObject(text);
  if (typeof object === 'string') return [faultyRow({ ...place, corpus: table.corpus }, object)];
  return rowsOfObject(object, text!, table, place);
}

function rowsOfObject(object: JsonObject, text: string, table: ObjectRows, place: ElementPlace): Row[] {
  const fault = whyRepeated(text, table.columns);
  return fault === undefined
    ? rowsOfValue(object, table, place)
    : [faultyRow({ ...place, corpus: table.corpus }, fault)];
}

/** The rows of a value, which may be no object. */
export function rowsOfValue(value: unknown, { columns, corpus, inner }: ObjectRows, place: ElementPlace): Row[] {
  const values = inner === undefined ? [value] : valuesUnder(value, inner);
  return values.map((each) => {
    const here = { ...place, corpus };
    return isObject(each) ? rowOfObject(each, columns, here) : faultyRow(here, wrongElement(each));
  });
}

/** The elements of the lists under some keys of an object, and of lists within lists. */
function valuesUnder(value: unknown, keys: readonly string[]): unknown[] {
  if (Array.isArray(value)) return value.flatMap((each) => valuesUnder(each, keys));
  const [key, ...rest] = keys;
  if (key === undefined) return value === undefined ? [] : [value];
  return isObject(value) ? valuesUnder(value[key], rest) : [];
}

/** The row of an object. A missing text, or `null`, counts as empty; if both are missing, the object is not a pair. */
export function rowOfObject(object: JsonObject, columns: TextColumns, place: Place): Row {
  const [first, second] = [valueOf(object, columns.ko), valueOf(object, columns.en)];
  if (first === undefined && second === undefined) {
    return faultyRow(
      place,
      `expected ${describeColumns(columns)}, got ${shownNames(Object.keys(object)) || 'no keys'}; write both texts`,
    );
  }
  for (const [key, value] of [
    [columns.ko, first],
    [columns.en, second],
  ] as const) {
    if (value != null && typeof value !== 'string')
      return faultyRow(place, `expected text in ${key}, got ${describe(value)}; ${textRemedy(value)}`);
  }
  const language = columns.language === undefined ? undefined : valueOf(object, columns.language);
  return rowOf(
    place,
    (first as string | null | undefined) ?? '',
    (second as string | null | undefined) ?? '',
    typeof language === 'string' ? language : undefined,
  );
}

/** The value under a key, or under nested keys joined by dots. */
export function valueOf(object: JsonObject, key: string): unknown {
  const own = ownValue(object, key);
  if (own !== undefined) return own;
  for (let dot = key.indexOf('.'); dot !== -1; dot = key.indexOf('.', dot + 1)) {
    const inner = ownValue(object, key.slice(0, dot));
    if (isObject(inner)) return valueOf(inner, key.slice(dot + 1));
  }
  return undefined;
}

function ownValue(object: JsonObject, key: string): unknown {
  if (Object.hasOwn(object, key)) return object[key];
  const same = Object.keys(object).find((name) => isSameName(name, key));
  return same === undefined ? undefined : object[same];
}

/** The entries of an object, with those of nested objects as `key.inner`, to the depth at which pairs may be. */
export function entriesOf(object: JsonObject, depth = DEEPEST): [key: string, value: unknown][] {
  return Object.entries(object).flatMap(([key, value]): [string, unknown][] => {
    if (depth === 0 || !isObject(value)) return [[key, value]];
    return entriesOf(value, depth - 1).map(([inner, text]) => [`${key}.${inner}`, text]);
  });
}

/** How deep to search nested objects for texts: `{"item": {"translation": {"ko": …}}}`. */
const DEEPEST = 2;

function wrongElement(value: unknown): string {
  return `expected an object such as {"ko": "…", "en": "…"}, got ${describe(value)}; write an object for each pair`;
}
