import { setImmediate } from 'node:timers/promises';
import { isObject, type JsonObject } from '../../base/json-schema.js';
import { shownNames } from '../column-faults.js';
import type { TextColumns } from '../columns.js';
import type { OnOthers, OtherArrays } from '../format.js';
import type { Row } from '../pair.js';
import type { PairSource } from '../source.js';
import { UnreadableFileError } from '../unreadable-file.js';
import { decodeText } from './encoding.js';
import { elementsOfBytes } from './json-elements.js';
import { whyRepeated } from './json-repeats.js';
import { jsonRemedy, notJson, parseLeniently, rowsOfText, rowsOfValue, valueOf, type ObjectRows } from './json.js';
import { describeColumns, faultyRow } from './row-maker.js';
import { readSmallFiles } from './stored-file.js';

/** How many small files to read per turn of the event loop. */
const FILES_AT_ONCE = 100;

/**
 * Reads the rows of small JSON files, most with one object each. A file that is not JSON counts as one unreadable row.
 * Arrays beside `data` without pairs are passed over, and counted.
 */
export async function* readJsonFiles({ files, ...table }: PairSource, onOthers?: OnOthers): AsyncGenerator<Row[]> {
  const others = new Map<string | undefined, OtherArrays>();
  const onOther = (found: OtherArrays): void => {
    const { reason, elements } = others.get(found.key) ?? { reason: found.reason, elements: 0 };
    others.set(found.key, { key: found.key, elements: elements + found.elements, reason });
  };
  let rows: Row[] = [];
  let read = 0;
  for (const { file, bytes } of readSmallFiles(files)) {
    rows = rows.concat(rowsOfFile(bytes, table, file.name, onOther));
    if (++read % FILES_AT_ONCE !== 0) continue;
    yield rows;
    rows = [];
    await setImmediate();
  }
  yield rows;
  if (onOthers !== undefined) for (const each of others.values()) onOthers(each);
}

/**
 * The objects of a small JSON file: the elements of its array, bare or under `data`, its only object, or those of a
 * sequence of arrays and objects. If columns are given, also the elements of arrays beside `data` that have them; other
 * arrays of objects there are told of. Throws an `UnreadableFileError`.
 */
export function objectsOf(text: string, name: string, columns?: TextColumns, onOther?: OnOthers): readonly unknown[] {
  try {
    const value = parseLeniently(text);
    if (Array.isArray(value)) return value;
    if (!isObject(value) || !Array.isArray(value.data)) return [value];
    const { data, ...others } = value;
    if (columns === undefined) return data as unknown[];
    return [data, ...listsWithRows(others, columns, onOther)].flat();
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const several = elementsIfSound(text, name);
    if (several !== undefined) return several;
    throw new UnreadableFileError(name, `${notJson(error)}; ${jsonRemedy(text)}`);
  }
}

/** The lists under the keys of an object in which some object has both columns. Tells of other lists of objects. */
function listsWithRows(object: JsonObject, columns: TextColumns, onOther?: OnOthers): unknown[][] {
  const isRow = (value: JsonObject): boolean =>
    valueOf(value, columns.ko) !== undefined && valueOf(value, columns.en) !== undefined;
  return Object.entries(object).flatMap(([key, list]): unknown[][] => {
    if (!Array.isArray(list)) return [];
    const objects = list.filter(isObject);
    if (objects.some(isRow)) return [list as unknown[]];
    const keys = shownNames(Object.keys(objects[0] ?? {})) || 'no keys';
    const reason = `expected ${describeColumns(columns)}, got ${keys}`;
    if (objects.length > 0) onOther?.({ key, elements: list.length, reason });
    return [];
  });
}

function elementsIfSound(text: string, name: string): readonly unknown[] | undefined {
  try {
    return elementsOfBytes(Buffer.from(text), name).map(parseLeniently);
  } catch (error) {
    if (error instanceof UnreadableFileError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function rowsOfFile(bytes: Buffer, table: ObjectRows, file: string, onOther: OnOthers): Row[] {
  try {
    const text = decodeText(bytes, file);
    if (whyRepeated(text, table.columns) !== undefined) {
      const elements = elementsOfBytes(Buffer.from(text), file);
      return elements.flatMap((element, i) => rowsOfText(element, table, { file, row: i + 1 }));
    }
    const objects = objectsOf(text, file, table.columns, onOther);
    return objects.flatMap((value, i) => rowsOfValue(value, table, { file, row: i + 1 }));
  } catch (error) {
    if (!(error instanceof UnreadableFileError)) throw error;
    return [faultyRow({ file, row: 1, corpus: table.corpus }, error.why)];
  }
}
