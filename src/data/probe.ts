/** @file What a file is, told from its beginning. */
import path from 'node:path';
import { InputError } from '../errors.js';
import { recogniseHeader, whyUnrecognised, type ColumnNames, type Recognised, type TextColumns } from './columns.js';
import { corpusOf, type CorpusName } from './corpora.js';
import { recordsOf } from './readers/delimited.js';
import { linesOf, utf8Pieces } from './readers/encoding.js';
import { elementsOf } from './readers/json-elements.js';
import { isObject, objectsOf, parseObject, type JsonObject } from './readers/json.js';
import { readPieces, readSmallFiles, type StoredFile } from './readers/stored-file.js';
import { HEADER_ROWS, openWorkbook, textsOf, type Sheet, type Workbook } from './readers/workbook.js';
import type { SheetRow } from './readers/sheet-rows.js';
import type { Shape } from './source.js';

/** A table as its beginning shows it. */
export interface Probed {
  readonly shape: Shape;
  readonly corpus: CorpusName;
  readonly columns: TextColumns;
  /** Of a workbook. */
  readonly sheet?: Sheet;
}

/** What became of a file: the tables in it, or why there are none. */
export type Verdict = readonly Probed[] | string;

/** Objects, rows and files that are looked at to tell what a file is. */
const LOOKED_AT = 20;

const SHAPE_OF_ENDING: Readonly<Record<string, Shape>> = {
  '.csv': 'csv',
  '.tsv': 'tsv',
  '.json': 'json',
  '.jsonl': 'jsonl',
  '.ndjson': 'jsonl',
  '.xlsx': 'workbook',
  '.xlsm': 'workbook',
};

const ADVICE: readonly (readonly [RegExp, string])[] = [
  [/\.xlsb?$/i, 'an Excel workbook of another kind; save it as .xlsx'],
  [/\.part\d+$/i, 'a part of a download; join the parts in their order'],
  [/\.zip$/i, 'an archive inside an archive; unpack the outer one'],
  [/\.(tar|tgz|gz|7z|rar|alz|egg)$/i, 'an archive that is not .zip; unpack it'],
];

/** What a file may be by its name. */
export function shapeOf(name: string): Shape | undefined {
  return SHAPE_OF_ENDING[path.posix.extname(name).toLowerCase()];
}

/** Why a file whose name says nothing is not read. */
export function whyNotRead(name: string): string {
  const advice = ADVICE.find(([ending]) => ending.test(name))?.[1];
  return advice ?? `not a kind of file that holds pairs (${Object.keys(SHAPE_OF_ENDING).join(', ')}, .zip)`;
}

/** Tells what a file holds from its beginning. Throws an `InputError` for one that cannot be read as what its name says. */
export async function probeFile(file: StoredFile, names: ColumnNames): Promise<Verdict> {
  const shape = shapeOf(file.name);
  switch (shape) {
    case undefined:
      return whyNotRead(file.name);
    case 'workbook':
      return probeWorkbook(file, names);
    case 'csv':
    case 'tsv':
      return probeDelimited(file, shape, names);
    default:
      return probeObjects(await firstObjects(file, shape), shape, file.name, names);
  }
}

/** Tells what many small JSON files hold, from the first of them. */
export function probeSmallFiles(files: readonly StoredFile[], names: ColumnNames): Verdict {
  const objects: JsonObject[] = [];
  for (const { file, bytes } of readSmallFiles(files.slice(0, LOOKED_AT))) {
    try {
      objects.push(...objectsOf(bytes, file.name).filter(isObject));
    } catch (error) {
      if (!(error instanceof InputError)) throw error; // a file that is broken is reported when it is read
    }
  }
  return probeObjects(objects, 'json-files', files[0].name, names);
}

async function probeDelimited(file: StoredFile, shape: 'csv' | 'tsv', names: ColumnNames): Promise<Verdict> {
  const records = await take(recordsOf(utf8Pieces(readPieces(file), file.name), shape, file.name), LOOKED_AT);
  if (records.length === 0) return 'expected a header and rows, got an empty file';
  const [{ line, fault }] = records;
  if (fault !== undefined) return `line ${line}: ${fault}`;
  const [header, ...rows] = records.map(({ fields }) => fields);
  const recognised = recogniseHeader(header, names);
  if (recognised === undefined) return `line ${line}: ${whyUnrecognised(header, names)}`;
  return [{ shape, columns: recognised.columns, corpus: corpusOf(recognised, rows, file.name) }];
}

async function firstObjects(file: StoredFile, shape: Shape): Promise<JsonObject[]> {
  const pieces = utf8Pieces(readPieces(file), file.name);
  const texts = await take(shape === 'jsonl' ? linesOf(pieces, file.name) : elementsOf(pieces, file.name), LOOKED_AT);
  return texts.map(parseObject).filter((object) => typeof object !== 'string');
}

/** The first object with both columns decides: others may lack one where a text is missing. */
function probeObjects(objects: readonly JsonObject[], shape: Shape, name: string, names: ColumnNames): Verdict {
  const recognised = objects.map((object) => recogniseHeader(Object.keys(object), names)).find((found) => found !== undefined);
  if (recognised === undefined) {
    return objects.length === 0 ? 'expected objects such as {"ko": "…", "en": "…"}, got none' : whyUnrecognised(Object.keys(objects[0]), names);
  }
  const rows = objects.map((object) => Object.values(object).filter((value) => typeof value === 'string'));
  return [{ shape, columns: recognised.columns, corpus: corpusOf(recognised, rows, name) }];
}

async function probeWorkbook(file: StoredFile, names: ColumnNames): Promise<Verdict> {
  const workbook = await openWorkbook(file);
  try {
    const tables: Probed[] = [];
    let firstRow: readonly string[] = [];
    for (const sheet of workbook.sheets) {
      const rows = await firstRows(workbook, sheet);
      const recognised = rows.map((row) => recogniseHeader(row, names)).find((found): found is Recognised => found !== undefined);
      if (firstRow.length === 0) firstRow = rows[0] ?? [];
      if (recognised !== undefined) tables.push({ shape: 'workbook', columns: recognised.columns, corpus: corpusOf(recognised, rows, file.name), sheet });
    }
    return tables.length > 0 ? tables : whyUnrecognised(firstRow, names);
  } finally {
    workbook.close();
  }
}

/** The texts of the first rows of a sheet. Of the shared strings only as many are read as these rows need. */
async function firstRows(workbook: Workbook, { part }: Sheet): Promise<string[][]> {
  const rows: SheetRow[] = await take(workbook.rows(part), HEADER_ROWS);
  const shared = rows.flatMap(({ cells }) => cells.filter(({ type }) => type === 's').map(({ value }) => Number(value)));
  const strings = await workbook.sharedStrings(Math.max(-1, ...shared) + 1);
  return rows.map((row) => textsOf(row, strings));
}

/** The first items of those that come in batches. */
async function take<T>(batches: AsyncIterable<readonly T[]>, count: number): Promise<T[]> {
  const items: T[] = [];
  for await (const batch of batches) {
    items.push(...batch.slice(0, count - items.length));
    if (items.length >= count) break;
  }
  return items;
}
