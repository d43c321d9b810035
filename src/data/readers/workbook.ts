/** @file Excel workbooks (ECMA-376, part 1, section 18; part 2 for the archive) row by row, in bounded memory. */
import { InputError, printable } from '../../errors.js';
import { isSameName, type TextColumns } from '../columns.js';
import type { Place, Row } from '../pair.js';
import type { PairSource } from '../source.js';
import { listArchive, memberPieces, type ArchiveMember } from './archive.js';
import type { RandomAccess } from './random-access.js';
import { faultyRow, rowOf } from './row-maker.js';
import { readSharedStrings, type SharedStrings } from './shared-strings.js';
import { openStoredFile, type StoredFile } from './stored-file.js';
import { elementsOfXml } from './xml.js';
import { sheetRows, type Cell, type SheetRow } from './sheet-rows.js';

/** An open workbook. */
export interface Workbook {
  readonly sheets: readonly Sheet[];
  /** The strings that cells refer to: all, or the first `count` of them. */
  readonly sharedStrings: (count?: number) => Promise<SharedStrings>;
  /** The rows of a sheet. */
  readonly rows: (part: string) => AsyncGenerator<SheetRow[]>;
  readonly close: () => void;
}

export interface Sheet {
  /** As its tab shows it. */
  readonly name: string;
  /** Path of its part in the archive. */
  readonly part: string;
}

/** Characters of a cell's value in a message. */
const MOST_SHOWN = 40;

/** Rows in which a header is looked for. */
export const HEADER_ROWS = 10;

/** Opens a workbook and finds its sheets. Throws an `InputError` where it is none. */
export async function openWorkbook(file: StoredFile): Promise<Workbook> {
  const access = openStoredFile(file);
  try {
    const parts = partsOf(access);
    const relations = await relationsOf(access, parts, file.name);
    const part = (path: string): ArchiveMember => requirePart(parts, path, file.name);
    const sheets: Sheet[] = [];
    for (const { tag, attributes } of await elementsOfXml(memberPieces(access, part('xl/workbook.xml'), file.name), file.name)) {
      const target = tag === 'sheet' ? relations.find(({ id }) => id === attributes.id)?.target : undefined;
      if (target !== undefined && parts.has(target)) sheets.push({ name: printable(attributes.name ?? ''), part: target });
    }
    const strings = relations.find(({ type }) => type.endsWith('/sharedStrings'))?.target;
    return {
      sheets,
      sharedStrings: (count) => readSharedStrings(strings === undefined || !parts.has(strings) ? undefined : memberPieces(access, part(strings), file.name), file.name, count),
      rows: (path) => sheetRows(memberPieces(access, part(path), file.name), file.name),
      close: access.close,
    };
  } catch (error) {
    access.close();
    throw error;
  }
}

/** The rows of a sheet below its header. Throws an `InputError` for a damaged workbook. */
export async function* readWorkbook(source: PairSource): AsyncGenerator<Row[]> {
  const { id: file, files: [stored], sheet, corpus, columns } = source;
  const workbook = await openWorkbook(stored);
  try {
    const strings = await workbook.sharedStrings();
    let toRow: ((row: SheetRow) => Row) | undefined;
    for await (const sheetRows of workbook.rows(sheet!)) {
      const rows: Row[] = [];
      for (const row of sheetRows) {
        if (toRow !== undefined) {
          if (row.cells.length > 0) rows.push(toRow(row));
        } else if (isHeader(row, strings, columns)) toRow = rowReader(row, strings, columns, { file, corpus });
      }
      yield rows;
    }
  } finally {
    workbook.close();
  }
}

/** The texts of a row's cells, in their order; those without text are left out. */
export function textsOf({ cells }: SheetRow, strings: SharedStrings): string[] {
  return cells.map((cell) => textOf(cell, strings)).filter((text) => text !== undefined);
}

function isHeader(row: SheetRow, strings: SharedStrings, { ko, en }: TextColumns): boolean {
  const texts = textsOf(row, strings);
  return [ko, en].every((name) => texts.some((text) => isSameName(text, name)));
}

function rowReader(header: SheetRow, strings: SharedStrings, columns: TextColumns, place: Omit<Place, 'row'>): (row: SheetRow) => Row {
  const columnOf = (name: string | undefined): number | undefined =>
    name === undefined ? undefined : header.cells.find((cell) => isSameName(textOf(cell, strings) ?? '', name))?.column;
  const [first, second, language] = [columnOf(columns.ko), columnOf(columns.en), columnOf(columns.language)];
  return ({ row, cells }) => {
    const here = { ...place, row };
    const find = (column: number | undefined): Cell | undefined => cells.find((cell) => cell.column === column);
    const texts: string[] = [];
    for (const [column, name] of [[first, columns.ko], [second, columns.en]] as const) {
      const cell = find(column);
      if (cell?.type === 'e') return faultyRow(here, `expected text in ${name}, got the error ${cell.value.slice(0, MOST_SHOWN)}`);
      const text = cell === undefined ? '' : textOf(cell, strings);
      if (text === undefined) return faultyRow(here, `expected text in ${name}, got string ${cell!.value.slice(0, MOST_SHOWN)} of ${strings.count}`);
      texts.push(text);
    }
    const said = find(language);
    return rowOf(here, texts[0], texts[1], said === undefined ? undefined : textOf(said, strings));
  };
}

/** The text of a cell; none where it refers to a string that is not there. */
function textOf({ type, value }: Cell, strings: SharedStrings): string | undefined {
  return type === 's' ? strings.at(Number(value)) : value;
}

function partsOf(access: RandomAccess): ReadonlyMap<string, ArchiveMember> {
  try {
    return new Map(listArchive(access).map(({ path, member }) => [path, member]));
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(`${access.name}: expected an Excel workbook (.xlsx), got ${access.size} bytes that are not, or not all of it; save it as .xlsx again`);
  }
}

interface Relation {
  readonly id: string;
  readonly type: string;
  /** Path in the archive. */
  readonly target: string;
}

async function relationsOf(access: RandomAccess, parts: ReadonlyMap<string, ArchiveMember>, name: string): Promise<Relation[]> {
  const relations: Relation[] = [];
  const part = requirePart(parts, 'xl/_rels/workbook.xml.rels', name);
  for (const { tag, attributes } of await elementsOfXml(memberPieces(access, part, name), name)) {
    if (tag !== 'Relationship') continue;
    const { Id: id = '', Type: type = '', Target: target = '' } = attributes;
    relations.push({ id, type, target: target.startsWith('/') ? target.slice(1) : `xl/${target}` });
  }
  return relations;
}

function requirePart(parts: ReadonlyMap<string, ArchiveMember>, path: string, name: string): ArchiveMember {
  const part = parts.get(path);
  if (part !== undefined) return part;
  throw new InputError(`${name}: expected an Excel workbook (.xlsx), got a zip archive without ${path}; save it as .xlsx again`);
}
