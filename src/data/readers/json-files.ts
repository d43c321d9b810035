import { setImmediate } from 'node:timers/promises';
import { isObject } from '../../base/json-schema.js';
import type { TextColumns } from '../columns.js';
import type { Row } from '../pair.js';
import type { PairSource } from '../source.js';
import { UnreadableFileError } from '../unreadable-file.js';
import { decodeText } from './encoding.js';
import { elementsOfBytes } from './json-elements.js';
import { notJson, parseLeniently, rowsOfValue, valueOf, type ObjectRows } from './json.js';
import { faultyRow } from './row-maker.js';
import { readSmallFiles } from './stored-file.js';

/** How many small files to read per turn of the event loop. */
const FILES_AT_ONCE = 100;

/**
 * Reads the rows of small JSON files, most with one object each. A file that is not JSON counts as one unreadable row.
 */
export async function* readJsonFiles({ files, ...table }: PairSource): AsyncGenerator<Row[]> {
  let rows: Row[] = [];
  let read = 0;
  for (const { file, bytes } of readSmallFiles(files)) {
    rows = rows.concat(rowsOfFile(bytes, table, file.name));
    if (++read % FILES_AT_ONCE !== 0) continue;
    yield rows;
    rows = [];
    await setImmediate();
  }
  yield rows;
}

/**
 * The objects of a small JSON file: the elements of its array, bare or under `data`, its only object, or those of a
 * sequence of arrays and objects. If columns are given, also the elements of arrays beside `data` that have them.
 * Throws an `UnreadableFileError`.
 */
export function objectsOf(bytes: Buffer, name: string, columns?: TextColumns): readonly unknown[] {
  const text = decodeText(bytes, name);
  try {
    const value = parseLeniently(text);
    if (Array.isArray(value)) return value;
    if (!isObject(value) || !Array.isArray(value.data)) return [value];
    const { data, ...others } = value;
    return columns === undefined
      ? (data as unknown[])
      : [data, ...Object.values(others).filter(hasRows(columns))].flat();
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const several = elementsIfSound(text, name);
    if (several !== undefined) return several;
    throw new UnreadableFileError(name, notJson(error));
  }
}

/** Whether a value is a list with an object that has both columns. */
function hasRows({ ko, en }: TextColumns): (value: unknown) => boolean {
  const has = (value: unknown): boolean =>
    isObject(value) && valueOf(value, ko) !== undefined && valueOf(value, en) !== undefined;
  return (value) => Array.isArray(value) && value.some(has);
}

function elementsIfSound(text: string, name: string): readonly unknown[] | undefined {
  try {
    return elementsOfBytes(Buffer.from(text), name).map(parseLeniently);
  } catch (error) {
    if (error instanceof UnreadableFileError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function rowsOfFile(bytes: Buffer, table: ObjectRows, file: string): Row[] {
  try {
    return objectsOf(bytes, file, table.columns).flatMap((value, i) => rowsOfValue(value, table, { file, row: i + 1 }));
  } catch (error) {
    if (!(error instanceof UnreadableFileError)) throw error;
    return [faultyRow({ file, row: 1, corpus: table.corpus }, error.why)];
  }
}
