/** @file JSON: arrays of objects, a sequence of objects, and one object per line. */
import type { JsonObject } from '../../base/json-schema.js';
import { isDeepStrictEqual } from 'node:util';
import { numbersAdvice } from '../column-faults.js';
import { numberedPlaces, type ColumnNames } from '../columns.js';
import type { Beginning, Format, Probed, Verdict } from '../format.js';
import { linesOf, utf8Pieces } from '../readers/encoding.js';
import { elementsOf } from '../readers/json-elements.js';
import { JSON_TABLES } from '../readers/json-table-layout.js';
import { readJsonTable, rowsOfTable, wholeValue } from '../readers/json-table.js';
import { parseObject, readJson, readJsonFiles, readJsonLines } from '../readers/json.js';
import { readPieces, type StoredFile } from '../readers/stored-file.js';
import type { Shape } from '../source.js';
import { UnreadableFile } from '../unreadable-file.js';
import { LOOKED_AT, probeObjects } from './json-objects.js';

/** How many elements or lines to search for pairs. */
const MOST_LOOKED_AT = 1000;

/** One object per line. A bad line does not affect the others. */
export const JSON_LINES: Format = {
  shapes: ['jsonl'],
  endings: ['.jsonl', '.ndjson'],
  matches: (beginning, { name }) => areLines(beginning, name),
  probe: (file, names) => probeTexts(linesIn(file), 'jsonl', file, names),
  read: (source) => readJsonLines(piecesOf(source.files[0]!), source),
};

/** Arrays of objects, and objects that may span lines, one after another. */
export const JSON_VALUES: Format = {
  shapes: ['json', 'json-files', 'json-table'],
  endings: ['.json'],
  matches: ({ text }) => /^\s*(?:\[\s*(?:[[{"\]\dtfnNI-]|$)|\{\s*(?:["}]|$))/.test(text),
  probe: probeValues,
  read: (source) => {
    if (source.shape === 'json-table') return readJsonTable(source);
    return source.shape === 'json-files' ? readJsonFiles(source) : readJson(piecesOf(source.files[0]!), source);
  },
};

/**
 * Whether a text has one object per line: the first of several lines is an object, or the file's name says so and some
 * of its lines are objects.
 */
function areLines({ text, isWhole }: Beginning, name: string): boolean {
  const isNamedSo = /\.(jsonl|ndjson)(\.gz)?$/i.test(name);
  const all = text.split('\n', LOOKED_AT + 1);
  const lines = (isWhole || all.length > LOOKED_AT ? all : all.slice(0, -1))
    .slice(0, LOOKED_AT)
    .filter((line) => line.trim() !== '');
  if (lines.length === 0 || lines[0]!.trimStart().startsWith('[')) return false;
  const isRow = (line: string): boolean => {
    const value = parseObject(line);
    return typeof value !== 'string' && !Array.isArray(value.data);
  };
  return isNamedSo ? lines.some(isRow) : lines.length > 1 && isRow(lines[0]!);
}

/** The usual key of an array of objects. */
const USUAL_KEY = 'data';

/** The most keys of arrays of objects to try. */
const MOST_KEYS = 8;

/** Looks at arrays under the usual key, under other keys, and at tables that are one value. */
async function probeValues(file: StoredFile, names: ColumnNames, { text }: Beginning): Promise<Verdict> {
  const probeUnder = (except?: readonly string[]): Promise<Verdict | UnreadableFile> =>
    verdictOrFault(() => probeTexts(elementsOf(piecesOf(file), file.name, except), 'json', file, names));
  const usual = await probeUnder();
  const all = new Set([...text.matchAll(/"([^"\\]{1,60})"\s*:\s*\[\s*\{/g)].map(([, key]) => key!));
  const keys = [...all].slice(0, MOST_KEYS);
  if (Array.isArray(usual) && !(keys.length > 1 && keys.includes(USUAL_KEY))) return usual as Verdict;
  let under: Probed | undefined;
  const otherArrays: string[] = [];
  for (const key of keys) {
    const verdict = await probeUnder(keys.filter((other) => other !== key));
    const [found] = Array.isArray(verdict) ? (verdict as readonly Probed[]) : [];
    under ??= found;
    if (found === undefined || !isDeepStrictEqual(found.columns, under?.columns)) otherArrays.push(key);
  }
  const isAmbiguous = keys.length - otherArrays.length > 1 && !otherArrays.includes(USUAL_KEY);
  if (Array.isArray(usual) && !isAmbiguous) return usual as Verdict;
  if (under !== undefined) return [{ ...under, otherArrays }];
  const table = isTable(text) ? await probeTable(file, names) : undefined;
  if (table !== undefined) return table;
  if (usual instanceof UnreadableFile) throw usual;
  return usual;
}

/** The beginning of a table in one value: an object of objects or lists, or a list of lists. */
function isTable(text: string): boolean {
  return /^\s*(?:\[\s*\[|\{\s*"[^"]*"\s*:\s*[[{])/.test(text);
}

async function probeTable(file: StoredFile, names: ColumnNames): Promise<Verdict | undefined> {
  const value = await wholeValue(file);
  for (const table of JSON_TABLES) {
    const areNumbers = numberedPlaces(names) !== undefined;
    if (table === 'numbered' && !areNumbers) continue;
    const rows: JsonObject[] = [];
    for (const row of rowsOfTable(value, table)) if (rows.push(row) === LOOKED_AT) break;
    const verdict = probeObjects(rows, 'json-table', file.name, table === 'values' && areNumbers ? {} : names);
    if (!('reason' in verdict)) return [{ ...verdict[0], table }];
    const header = table === 'values' && rows.length > 0 ? Object.keys(rows[0]!) : [];
    const advice = numbersAdvice(header, names);
    if (advice !== '') return { reason: verdict.reason + advice };
  }
  return undefined;
}

async function verdictOrFault(probe: () => Promise<Verdict>): Promise<Verdict | UnreadableFile> {
  try {
    return await probe();
  } catch (error) {
    if (error instanceof UnreadableFile) return error;
    throw error;
  }
}

/** Examines the first objects. Once pairs are recognised, damage further on is left to the reader. */
async function probeTexts(
  batches: AsyncIterable<readonly string[]>,
  shape: Shape,
  file: StoredFile,
  names: ColumnNames,
): Promise<Verdict> {
  const objects: JsonObject[] = [];
  let fault: UnreadableFile | undefined;
  let broken: string | undefined;
  let seen = 0;
  try {
    reading: for await (const texts of batches) {
      for (const text of texts) {
        if (++seen === MOST_LOOKED_AT) break reading;
        if (text === '' || text.trim() === '') continue;
        const object = parseObject(text);
        if (typeof object === 'string') broken ??= object;
        else objects.push(object);
        if (objects.length === LOOKED_AT) break reading;
      }
    }
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error;
    fault = error;
  }
  const verdict = probeObjects(objects, shape, file.name, names);
  if (!('reason' in verdict)) return verdict;
  if (fault !== undefined) throw fault;
  return objects.length === 0 && broken !== undefined ? { reason: broken } : verdict;
}

function piecesOf(file: StoredFile): AsyncGenerator<Buffer> {
  return utf8Pieces(readPieces(file), file.name);
}

function linesIn(file: StoredFile): AsyncGenerator<string[]> {
  return linesOf(piecesOf(file), file.name);
}
