import { InputError, messageOf } from '../errors.js';
import { findColumns, type ColumnNames } from './columns.js';
import { elementsOf } from './json-array.js';
import type { Pair } from './pair.js';
import { linesOf, readBytes, utf8Chunks } from './text-file.js';

/** The pairs of a JSON array of objects, one by one. Throws an `InputError` for a damaged file. */
export async function* readJsonArray(file: string, names: ColumnNames): AsyncGenerator<Pair> {
  const toPair = pairReader(file, names);
  for await (const { text, line } of elementsOf(utf8Chunks(readBytes(file), file), file)) yield toPair(text, line);
}

/** The pairs of a file with one JSON object a line; blank lines are passed over. Throws an `InputError` for a damaged file. */
export async function* readJsonLines(file: string, names: ColumnNames): AsyncGenerator<Pair> {
  const toPair = pairReader(file, names);
  let line = 0;
  for await (const text of linesOf(utf8Chunks(readBytes(file), file))) {
    line++;
    if (text.trim() !== '') yield toPair(text, line);
  }
}

/** Turns the text of an object into a pair; the columns are looked for anew only where the last object's are not there. */
function pairReader(file: string, names: ColumnNames): (text: string, line: number) => Pair {
  let keys = { ko: '', en: '' };
  return (text, line) => {
    const where = `${file} line ${line}`;
    const object = parseObject(text, where);
    if (!(keys.ko in object && keys.en in object)) {
      const found = Object.keys(object);
      const columns = findColumns(found, names, where);
      keys = { ko: found[columns.ko], en: found[columns.en] };
    }
    return { ko: textOf(object, keys.ko, where), en: textOf(object, keys.en, where), file, row: line, corpus: 'other' };
  };
}

function parseObject(text: string, where: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InputError(`${where}: expected JSON, got something else (${messageOf(error)})`);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new InputError(`${where}: expected an object such as {"ko": "…", "en": "…"}, got ${JSON.stringify(value).slice(0, 40)}`);
}

/** A missing text, `null`, counts as empty. */
function textOf(object: Readonly<Record<string, unknown>>, key: string, where: string): string {
  const value = object[key] ?? '';
  if (typeof value === 'string') return value;
  throw new InputError(`${where}: expected text in ${key}, got ${JSON.stringify(value).slice(0, 40)}`);
}
