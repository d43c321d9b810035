/**
 * @file Tables that are one JSON value, such as a dictionary of lists, or what pandas writes (`to_json` without
 * `orient="records"`). They can only be read as a whole.
 */
import { isObject, type JsonObject } from '../../base/json-schema.js';
import type { TextColumns } from '../columns.js';
import type { Row } from '../pair.js';
import type { PairSource } from '../source.js';
import { UnreadableFileError } from '../unreadable-file.js';
import { decodeText } from './encoding.js';
import { isBlank, parseLeniently, rowOfObject, valueOf } from './json.js';
import { whyRepeated } from './json-repeats.js';
import type { JsonTable } from './json-table-layout.js';
import { readPieces, type StoredFile } from './stored-file.js';

/** The largest file that is read as a whole, in bytes. */
const MAX_BYTES = 1 << 26;

/** Rows per batch. */
const BATCH = 1000;

/**
 * Parses a whole file, lists on separate lines as a list of them; undefined if it is not JSON. Throws an
 * `UnreadableFileError` if it is too large.
 */
export async function wholeValue(file: StoredFile): Promise<unknown> {
  return valueIn(await wholeText(file));
}

async function wholeText(file: StoredFile): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of readPieces(file)) {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes > MAX_BYTES) {
      const expected = `expected one object per line where there are more than ${MAX_BYTES} bytes, got one value`;
      throw new UnreadableFileError(file.name, `${expected}; write it with to_json(…, orient="records", lines=True)`);
    }
  }
  return decodeText(Buffer.concat(pieces), file.name);
}

function valueIn(text: string): unknown {
  try {
    return parseLeniently(text);
  } catch (error) {
    if (error instanceof SyntaxError) return listsIn(text);
    throw error;
  }
}

/** The lists that some lines hold; an empty one for a line that holds none. */
function listsIn(text: string): unknown[][] | undefined {
  const lines = text.split(/\r\n|\n|\r/).filter((line) => !isBlank(line));
  const lists = lines.map(listIn);
  return lists.length > 1 && lists[0]!.length > 0 ? lists : undefined;
}

function listIn(line: string): unknown[] {
  try {
    const value = parseLeniently(line);
    return Array.isArray(value) ? value : [];
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

/** Yields the rows of a table with this layout; none if the value is not one. */
export function* rowsOfTable(value: unknown, table: JsonTable): Generator<JsonObject> {
  if (table === 'values' || table === 'numbered') {
    if (!Array.isArray(value) || !value.every((row) => Array.isArray(row))) return;
    const rows = value as unknown[][];
    if (rows[0]?.some(isObject) === true) return; // lists of objects, not of texts
    yield* table === 'values' ? rowsUnder(rows[0] ?? [], rows.slice(1)) : rowsUnder(numbersOf(rows), rows);
    return;
  }
  if (!isObject(value)) return;
  const { columns, data } = value;
  const parts = Object.values(value);
  if (table === 'split') {
    if (Array.isArray(columns) && Array.isArray(data)) yield* rowsUnder(columns, data);
  } else if (table === 'index') {
    if (parts.every(isObject)) yield* parts;
  } else if (parts.every((part) => typeof part === 'object' && part !== null)) yield* rowsOfColumns(value);
}

/**
 * Reads the rows of a table in a file. Throws an `UnreadableFileError` if the file has changed, or has a column twice.
 */
export async function* readJsonTable({ id: file, files: [stored], corpus, columns, table }: PairSource) {
  let row = table === 'values' ? 1 : 0; // counts the header, as in a delimited file
  let rows: Row[] = [];
  const text = await wholeText(stored!);
  const repeated = whyRepeated(text, columns);
  if (repeated !== undefined) throw new UnreadableFileError(file, repeated);
  const value = valueIn(text);
  if (table === 'columns') checkLengths(value, columns, file);
  for (const object of rowsOfTable(value, table!)) {
    rows.push(rowOfObject(object, columns, { file, row: ++row, corpus }));
    if (rows.length < BATCH) continue;
    yield rows;
    rows = [];
  }
  yield rows;
}

/** Refuses lists of texts of which one is shorter: which translations it lacks is unknown. */
function checkLengths(value: unknown, { ko, en }: TextColumns, file: string): void {
  if (!isObject(value)) return;
  const [first, second] = [valueOf(value, ko), valueOf(value, en)];
  if (!Array.isArray(first) || !Array.isArray(second) || first.length === second.length) return;
  const found = `${first.length} in ${ko} and ${second.length} in ${en}`;
  throw new UnreadableFileError(file, `expected lists of as many texts, got ${found}; give lists that are aligned`);
}

function* rowsUnder(header: readonly unknown[], rows: readonly unknown[]): Generator<JsonObject> {
  const names = header.map(columnName);
  for (const row of rows) {
    const values: readonly unknown[] = Array.isArray(row) ? row : [];
    yield Object.fromEntries(names.slice(0, values.length).map((name, i) => [name, values[i]]));
  }
}

/** A column's name. Levels, as in pandas' MultiIndex, are joined by commas; a deeper value has no name. */
function columnName(value: unknown): string {
  const scalar = (part: unknown): string => (typeof part === 'object' && part !== null ? '' : String(part));
  return Array.isArray(value) ? value.map(scalar).join(',') : scalar(value);
}

function numbersOf([first = []]: readonly (readonly unknown[])[]): string[] {
  return first.map((_, i) => String(i + 1));
}

function* rowsOfColumns(columns: JsonObject): Generator<JsonObject> {
  const names = Object.keys(columns);
  const parts = Object.values(columns) as Readonly<Record<string, unknown>>[];
  const longest = parts.reduce<string[]>((keys, part) => {
    const own = Object.keys(part);
    return own.length > keys.length ? own : keys;
  }, []);
  for (const key of longest)
    yield Object.fromEntries(
      names.map((name, i) => [name, Object.hasOwn(parts[i]!, key) ? parts[i]![key] : undefined]),
    );
}
