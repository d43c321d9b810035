/** @file JSON: arrays of objects, a sequence of objects, and one object per line. */
import type { JsonObject } from '../../base/json-schema.js';
import { numbersAdvice } from '../column-faults.js';
import { numberedPlaces, type ColumnNames } from '../columns.js';
import { isNoPairs, type Beginning, type Format, type NoPairs, type Verdict } from '../format.js';
import { utf8Pieces } from '../readers/encoding.js';
import { linesOf } from '../readers/text-lines.js';
import { MAX_ELEMENT_BYTES } from '../readers/json-cutter.js';
import { elementsOf, type ElementText } from '../readers/json-elements.js';
import { JSON_TABLES } from '../readers/json-table-layout.js';
import { readJsonTable, rowsOfTable, wholeValue } from '../readers/json-table.js';
import { readJsonFiles } from '../readers/json-files.js';
import { isBlank, parseObject, readJsonLines } from '../readers/json.js';
import { readPieces, type StoredFile } from '../readers/stored-file.js';
import { UnreadableFileError } from '../unreadable-file.js';
import { areEnough, probeElements, readJsonArrays } from './json-arrays.js';
import { EXAMINED_ROWS, probeObjects } from './json-objects.js';

/** One object per line. A bad line does not affect the others. */
export const JSON_LINES: Format = {
  shapes: ['jsonl'],
  endings: ['.jsonl', '.ndjson'],
  matches: (beginning, { name }) => areLines(beginning, name),
  probe: probeLines,
  read: (source) => readJsonLines(piecesOf(source.files[0]!), source),
};

/** Arrays of objects, and objects that may span lines, one after another. */
export const JSON_VALUES: Format = {
  shapes: ['json', 'json-files', 'json-table'],
  endings: ['.json'],
  // The replaced separator begins a sequence (RFC 7464).
  matches: ({ text }) => /^\s*(?:\[\s*(?:[[{"\]\dtfnNI-]|$)|\{\s*(?:["}]|$))/.test(text.replace('\x1e', '')),
  probe: probeValues,
  read: (source, onOthers) => {
    if (source.shape === 'json-table') return readJsonTable(source);
    if (source.shape === 'json-files') return readJsonFiles(source, onOthers);
    return readJsonArrays(piecesOf(source.files[0]!), source, onOthers);
  },
};

/**
 * Whether a text has one object per line: the first of several lines is an object, or the file's name says so and some
 * of its lines are objects.
 */
function areLines({ text, isWhole }: Beginning, name: string): boolean {
  const isNamedSo = /\.(jsonl|ndjson)(\.gz)?$/i.test(name);
  const all = text.split('\n', EXAMINED_ROWS + 1);
  const lines = (isWhole || all.length > EXAMINED_ROWS ? all : all.slice(0, -1))
    .slice(0, EXAMINED_ROWS)
    .filter((line) => !isBlank(line));
  if (lines.length === 0 || lines[0]!.trimStart().startsWith('[')) return false;
  const isRow = (line: string): boolean => {
    const value = parseObject(line);
    return typeof value !== 'string' && !Array.isArray(value.data);
  };
  return isNamedSo ? lines.some(isRow) : lines.length > 1 && isRow(lines[0]!);
}

/** How many arrays to search for one with pairs. */
const MAX_ARRAYS = 1000;

/** Looks at objects and the array under `data`, at arrays under all keys, and at tables that are one value. */
async function probeValues(file: StoredFile, names: ColumnNames, { text }: Beginning): Promise<Verdict> {
  let reason: NoPairs | undefined;
  let fault: UnreadableFileError | undefined;
  for (const areKeyed of [false, true]) {
    const verdict = await verdictOrFault(() => probeArrays(file, names, areKeyed));
    if (verdict instanceof UnreadableFileError) fault ??= verdict;
    else if (isNoPairs(verdict)) reason = verdict;
    else return verdict;
  }
  const table = isTable(text) ? await verdictOrFault(() => probeTable(file, names)) : undefined;
  if (table !== undefined && !(table instanceof UnreadableFileError)) return table;
  if (reason !== undefined) return reason;
  throw table ?? fault!;
}

/**
 * Finds the first array with pairs, or the objects that are pairs; among the arrays under all keys, if none has, the
 * first with pairs in lists inside its elements.
 */
async function probeArrays(file: StoredFile, names: ColumnNames, areKeyed: boolean): Promise<Verdict> {
  const seen = new Map<string | undefined, readonly ElementText[]>();
  let nested: Verdict | undefined;
  let reason: NoPairs | undefined;
  for await (const { key, texts } of elementsOf(piecesOf(file), file.name, areKeyed)) {
    if (seen.size === MAX_ARRAYS && !seen.has(key)) break;
    const before = seen.get(key) ?? [];
    if (areEnough(before)) {
      if (key === undefined || !areKeyed) break; // there is no other array
      continue;
    }
    const all = before.concat(texts);
    seen.set(key, all);
    const arrays = { names, areKeyed: areKeyed || key !== undefined, areNested: false };
    const flat = probeElements(all, file.name, arrays);
    if (!isNoPairs(flat)) return [{ ...flat[0]!, arrays }];
    if (!areKeyed) reason ??= flat;
    if (!areKeyed || nested !== undefined) continue;
    const inside = probeElements(all, file.name, { ...arrays, areNested: true });
    if (isNoPairs(inside)) reason ??= inside;
    else nested = [{ ...inside[0]!, arrays: { ...arrays, areNested: true } }];
  }
  const none = { names, areKeyed, areNested: false };
  return nested ?? reason ?? probeElements([], file.name, none);
}

/** The beginning of a table: an object of objects or lists, a list of lists, or lists on separate lines. */
function isTable(text: string): boolean {
  return /^\s*(?:\[\s*\[|\{\s*"[^"]*"\s*:\s*[[{]|\[[^\r\n]*\]\s*[\r\n]\s*\[)/.test(text);
}

async function probeTable(file: StoredFile, names: ColumnNames): Promise<Verdict | undefined> {
  const value = await wholeValue(file);
  for (const table of JSON_TABLES) {
    const areNumbers = numberedPlaces(names) !== undefined;
    if (table === 'numbered' && !areNumbers) continue;
    const rows: JsonObject[] = [];
    for (const row of rowsOfTable(value, table)) if (rows.push(row) === EXAMINED_ROWS) break;
    const verdict = probeObjects(rows, 'json-table', file.name, table === 'values' && areNumbers ? {} : names);
    if (!('reason' in verdict)) return [{ ...verdict[0], table }];
    const header = table === 'values' && rows.length > 0 ? Object.keys(rows[0]!) : [];
    const advice = numbersAdvice(header, names);
    if (advice !== '') return { reason: verdict.reason + advice };
  }
  return undefined;
}

async function verdictOrFault<T>(probe: () => Promise<T>): Promise<T | UnreadableFileError> {
  try {
    return await probe();
  } catch (error) {
    if (error instanceof UnreadableFileError) return error;
    throw error;
  }
}

/** Examines the first lines. Once pairs are recognised, damage further on is left to the reader. */
async function probeLines(file: StoredFile, names: ColumnNames): Promise<Verdict> {
  const arrays = { names, areKeyed: false, areNested: true };
  let seen: readonly string[] = [];
  let fault: UnreadableFileError | undefined;
  try {
    for await (const lines of linesOf(piecesOf(file), file.name, MAX_ELEMENT_BYTES)) {
      seen = seen.concat(lines);
      if (areEnough(seen)) break;
    }
  } catch (error) {
    if (!(error instanceof UnreadableFileError)) throw error;
    fault = error;
  }
  const verdict = probeElements(seen, file.name, arrays, 'jsonl');
  if (isNoPairs(verdict) && fault !== undefined) throw fault;
  return verdict;
}

function piecesOf(file: StoredFile): AsyncGenerator<Buffer> {
  return utf8Pieces(readPieces(file), file.name);
}
