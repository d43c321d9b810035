import { setImmediate } from 'node:timers/promises';
import { messageOf } from '../../base/errors.js';
import { describe, isObject, type JsonObject } from '../../base/json-schema.js';
import { shownNames } from '../column-faults.js';
import { isSameName, type TextColumns } from '../columns.js';
import type { CorpusName } from '../corpus-name.js';
import type { Place, Row } from '../pair.js';
import type { PairSource } from '../source.js';
import { decodeText, linesOf } from './encoding.js';
import { elementsOf, elementsOfBytes } from './json-elements.js';
import { describeColumns, faultyRow, rowOf } from './row-maker.js';
import { UnreadableFile } from '../unreadable-file.js';
import { readSmallFiles } from './stored-file.js';

/** How many small files to read per turn of the event loop. */
const FILES_AT_ONCE = 100;

/**
 * Reads the rows of a JSON array, bare or under `data` or other keys, in UTF-8. Throws an `InputError` if the file is
 * truncated or not such an array.
 */
export async function* readJson(pieces: AsyncIterable<Buffer>, source: PairSource): AsyncGenerator<Row[]> {
  const { id: file, corpus, columns } = source;
  let row = 0;
  for await (const elements of elementsOf(pieces, file, source.otherArrays)) {
    yield elements.map((text) => rowOfText(text, columns, { file, row: ++row, corpus }));
  }
}

/** Reads the rows of a text in UTF-8 with a JSON object per line. Skips blank lines. */
export async function* readJsonLines(pieces: AsyncIterable<Buffer>, source: PairSource): AsyncGenerator<Row[]> {
  const { id: file, corpus, columns } = source;
  let row = 0;
  for await (const lines of linesOf(pieces, file)) {
    const rows: Row[] = [];
    for (const text of lines) {
      row++;
      if (text !== '' && text.trim() !== '') rows.push(rowOfText(text, columns, { file, row, corpus }));
    }
    yield rows;
  }
}

/**
 * Reads the rows of small JSON files, most with one object each. A file that is not JSON counts as one unreadable row.
 */
export async function* readJsonFiles({ files, corpus, columns }: PairSource): AsyncGenerator<Row[]> {
  let rows: Row[] = [];
  let read = 0;
  for (const { file, bytes } of readSmallFiles(files)) {
    rows.push(...rowsOfFile(bytes, columns, file.name, corpus));
    if (++read % FILES_AT_ONCE !== 0) continue;
    yield rows;
    rows = [];
    await setImmediate();
  }
  yield rows;
}

/**
 * The objects of a small JSON file: the elements of its array, bare or under `data`, its only object, or those of a
 * sequence of arrays and objects. Throws an `UnreadableFile`.
 */
export function objectsOf(bytes: Buffer, name: string): readonly unknown[] {
  const text = decodeText(bytes, name);
  try {
    const value = parseLeniently(text);
    if (Array.isArray(value)) return value;
    const data = isObject(value) ? value.data : undefined;
    return Array.isArray(data) ? data : [value];
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const several = elementsIfSound(text, name);
    if (several !== undefined) return several;
    throw new UnreadableFile(name, notJson(error));
  }
}

function elementsIfSound(text: string, name: string): readonly unknown[] | undefined {
  try {
    return elementsOfBytes(Buffer.from(text), name).map(parseLeniently);
  } catch (error) {
    if (error instanceof UnreadableFile || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Parses an element or a line as an object, or says why it is not one. */
export function parseObject(text: string): JsonObject | string {
  try {
    const value = parseLeniently(text);
    return isObject(value) ? value : wrongElement(value);
  } catch (error) {
    return notJson(error);
  }
}

/** A string, which is skipped, or a number that Python writes but JSON does not have. */
const STRING_OR_NUMBER = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\bInfinity\b|\bNaN\b/gs;

/** Parses JSON, reading `NaN`, `Infinity` and `-Infinity` as `null`. Throws a `SyntaxError`. */
export function parseLeniently(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!/NaN|Infinity/.test(text)) throw error;
    return JSON.parse(text.replace(STRING_OR_NUMBER, (found) => (found.startsWith('"') ? found : 'null')));
  }
}

function notJson(error: unknown): string {
  return `expected JSON, got something else (${messageOf(error)})`;
}

function rowsOfFile(bytes: Buffer, columns: TextColumns, file: string, corpus: CorpusName): Row[] {
  try {
    return objectsOf(bytes, file).map((value, i) => {
      const place = { file, row: i + 1, corpus };
      return isObject(value) ? rowOfObject(value, columns, place) : faultyRow(place, wrongElement(value));
    });
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error;
    return [faultyRow({ file, row: 1, corpus }, error.why)];
  }
}

function rowOfText(text: string, columns: TextColumns, place: Place): Row {
  const object = parseObject(text);
  return typeof object === 'string' ? faultyRow(place, object) : rowOfObject(object, columns, place);
}

/** The row of an object. A missing text, or `null`, counts as empty; if both are missing, the object is not a pair. */
export function rowOfObject(object: JsonObject, columns: TextColumns, place: Place): Row {
  const [first, second] = [valueOf(object, columns.ko), valueOf(object, columns.en)];
  if (first === undefined && second === undefined) {
    return faultyRow(
      place,
      `expected ${describeColumns(columns)}, got ${shownNames(Object.keys(object)) || 'no keys'}`,
    );
  }
  for (const [key, value] of [
    [columns.ko, first],
    [columns.en, second],
  ] as const) {
    if (value != null && typeof value !== 'string')
      return faultyRow(place, `expected text in ${key}, got ${describe(value)}`);
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
function valueOf(object: JsonObject, key: string): unknown {
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
  return `expected an object such as {"ko": "…", "en": "…"}, got ${describe(value)}`;
}
