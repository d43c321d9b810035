/** @file Excel workbooks (ECMA-376, part 1, section 18; part 2 for the archive) row by row, in bounded memory. */
import path from 'node:path';
import { InputError, printable } from '../../errors.js';
import { isSameName, type TextColumns } from '../columns.js';
import type { Place, Row } from '../pair.js';
import type { PairSource } from '../source.js';
import { listArchive, memberPieces, type ArchiveMember } from './archive.js';
import { refuseCompoundFile } from './compound-file.js';
import type { RandomAccess } from './random-access.js';
import { faultyRow, rowOf } from './row-maker.js';
import { readSharedStrings, type SharedStrings } from './shared-strings.js';
import { openStoredFile, type StoredFile } from './stored-file.js';
import { readCellFormats, shownIsoDate, type CellFormats } from './cell-format.js';
import { elementsOfXml } from './xml.js';
import { sheetRows, type Cell, type SheetRow } from './sheet-rows.js';

/** An open workbook. */
export interface Workbook {
  readonly sheets: readonly Sheet[];
  /** The strings that cells refer to: all, or the first `count` of them. */
  readonly sharedStrings: (count?: number) => Promise<SharedStrings>;
  /** How numbers are shown. */
  readonly formats: CellFormats;
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
    refuseOthers(parts, file.name);
    const main = await mainPart(access, parts, file.name);
    const relations = await relationsOf(access, parts, main, file.name);
    const part = (path: string): ArchiveMember => requirePart(parts, path, file.name);
    const sheets: Sheet[] = [];
    let from1904 = false;
    for (const { tag, attributes } of await elementsOfXml(memberPieces(access, part(main), file.name), file.name)) {
      if (tag === 'workbookPr') from1904 = /^(1|true|on)$/i.test(attributes.date1904 ?? '');
      const target = tag === 'sheet' ? relations.find(({ id }) => id === attributes.id)?.target : undefined;
      if (target !== undefined && parts.has(target))
        sheets.push({ name: printable(attributes.name ?? ''), part: target });
    }
    const piecesOf = (kind: string): AsyncIterable<Buffer> | undefined => {
      const target = relations.find(({ type }) => type.endsWith(`/${kind}`))?.target;
      return target === undefined || !parts.has(target) ? undefined : memberPieces(access, part(target), file.name);
    };
    return {
      sheets,
      sharedStrings: (count) => readSharedStrings(piecesOf('sharedStrings'), file.name, count),
      formats: await readCellFormats(piecesOf('styles'), file.name, { from1904 }),
      rows: (sheet) => sheetRows(memberPieces(access, part(sheet), file.name), file.name),
      close: access.close,
    };
  } catch (error) {
    access.close();
    throw error;
  }
}

/** The rows of a sheet below its header. Throws an `InputError` for a damaged workbook. */
export async function* readWorkbook(source: PairSource): AsyncGenerator<Row[]> {
  const {
    id: file,
    files: [stored],
    sheet,
    corpus,
    columns,
  } = source;
  const workbook = await openWorkbook(stored);
  try {
    const texts = { strings: await workbook.sharedStrings(), formats: workbook.formats };
    let toRow: ((row: SheetRow) => Row) | undefined;
    for await (const sheetRows of workbook.rows(sheet!)) {
      const rows: Row[] = [];
      for (const row of sheetRows) {
        if (toRow !== undefined) {
          if (row.cells.length > 0) rows.push(toRow(row));
        } else if (isHeader(row, texts, columns)) toRow = rowReader(row, texts, columns, { file, corpus });
      }
      yield rows;
    }
  } finally {
    workbook.close();
  }
}

/** What the texts of cells are made with. */
interface CellTexts {
  readonly strings: SharedStrings;
  readonly formats: CellFormats;
}

/** The texts of a row's cells, in their order; those without text are left out. */
export function textsOf({ cells }: SheetRow, strings: SharedStrings, formats: CellFormats): string[] {
  return cells.map((cell) => textOf(cell, { strings, formats })).filter((text) => text !== undefined);
}

function isHeader(row: SheetRow, { strings, formats }: CellTexts, { ko, en }: TextColumns): boolean {
  const texts = textsOf(row, strings, formats);
  return [ko, en].every((name) => texts.some((text) => isSameName(text, name)));
}

function rowReader(
  header: SheetRow,
  source: CellTexts,
  columns: TextColumns,
  place: Omit<Place, 'row'>,
): (row: SheetRow) => Row {
  const columnOf = (name: string | undefined): number | undefined =>
    name === undefined ? undefined : header.cells.find((cell) => isSameName(textOf(cell, source) ?? '', name))?.column;
  const [first, second, language] = [columnOf(columns.ko), columnOf(columns.en), columnOf(columns.language)];
  return ({ row, cells }) => {
    const here = { ...place, row };
    const find = (column: number | undefined): Cell | undefined => cells.find((cell) => cell.column === column);
    const texts: string[] = [];
    for (const [column, name] of [
      [first, columns.ko],
      [second, columns.en],
    ] as const) {
      const cell = find(column);
      if (cell?.type === 'e')
        return faultyRow(here, `expected text in ${name}, got the error ${cell.value.slice(0, MOST_SHOWN)}`);
      const text = cell === undefined ? '' : textOf(cell, source);
      if (text === undefined)
        return faultyRow(
          here,
          `expected text in ${name}, got string ${cell!.value.slice(0, MOST_SHOWN)} of ${source.strings.count}`,
        );
      texts.push(text);
    }
    const said = find(language);
    return rowOf(here, texts[0], texts[1], said === undefined ? undefined : textOf(said, source));
  };
}

/** The text of a cell as Excel shows it; none where it refers to a string that is not there. */
function textOf({ type, value, style }: Cell, { strings, formats }: CellTexts): string | undefined {
  switch (type) {
    case 's':
      return strings.at(Number(value));
    case 'n':
      return formats.show(value, style);
    case 'b':
      return /^(1|true)$/i.test(value) ? 'TRUE' : 'FALSE';
    case 'd':
      return shownIsoDate(value);
    default:
      return value;
  }
}

/** Other documents that are packed in the same way, by a part that they have. */
const OTHERS: readonly (readonly [part: string, kind: string])[] = [
  ['xl/workbook.bin', 'a binary Excel workbook (.xlsb)'],
  ['content.xml', 'an OpenDocument file (.ods)'],
  ['Index/Document.iwa', 'a Numbers or other iWork document'],
];

function refuseOthers(parts: ReadonlyMap<string, ArchiveMember>, name: string): void {
  const kind = OTHERS.find(([part]) => parts.has(part))?.[1];
  if (kind !== undefined)
    throw new InputError(`${name}: expected an Excel workbook (.xlsx), got ${kind}; save it as .xlsx`);
}

function partsOf(access: RandomAccess): ReadonlyMap<string, ArchiveMember> {
  refuseCompoundFile(access);
  try {
    return new Map(listArchive(access).map(({ path, member }) => [path, member]));
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(
      `${access.name}: expected an Excel workbook (.xlsx), got ${access.size} bytes that are not, or not all of it; save it as .xlsx again`,
    );
  }
}

interface Relation {
  readonly id: string;
  readonly type: string;
  /** Path in the archive. */
  readonly target: string;
}

/** Where the workbook itself lies in its archive: nearly always in the usual place. */
async function mainPart(
  access: RandomAccess,
  parts: ReadonlyMap<string, ArchiveMember>,
  name: string,
): Promise<string> {
  if (parts.has(USUAL_MAIN_PART) || !parts.has('_rels/.rels')) return USUAL_MAIN_PART;
  const relations = await relationsOf(access, parts, '', name);
  return relations.find(({ type }) => type.endsWith('/officeDocument'))?.target ?? USUAL_MAIN_PART;
}

const USUAL_MAIN_PART = 'xl/workbook.xml';

/** The relations of a part, or, where it is called `''`, of the whole archive. */
async function relationsOf(
  access: RandomAccess,
  parts: ReadonlyMap<string, ArchiveMember>,
  main: string,
  name: string,
): Promise<Relation[]> {
  const relations: Relation[] = [];
  const folder = main === '' ? '' : `${path.posix.dirname(main)}/`;
  const part = requirePart(parts, `${folder}_rels/${path.posix.basename(main)}.rels`, name);
  for (const { tag, attributes } of await elementsOfXml(memberPieces(access, part, name), name)) {
    if (tag !== 'Relationship') continue;
    const { Id: id = '', Type: type = '', Target: target = '' } = attributes;
    relations.push({
      id,
      type,
      target: target.startsWith('/') ? target.slice(1) : path.posix.normalize(`${folder}${target}`),
    });
  }
  return relations;
}

function requirePart(parts: ReadonlyMap<string, ArchiveMember>, path: string, name: string): ArchiveMember {
  const part = parts.get(path);
  if (part !== undefined) return part;
  throw new InputError(
    `${name}: expected an Excel workbook (.xlsx), got a zip archive without ${path}; save it as .xlsx again`,
  );
}
