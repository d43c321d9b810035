/** @file Excel workbooks (ECMA-376, part 1, section 18; part 2 for the archive), read row by row in bounded memory. */
import { printable } from '../../base/errors.js';
import type { ColumnPlaces, TextColumns } from '../columns.js';
import type { Place, Row } from '../pair.js';
import type { PairSource } from '../source.js';
import { memberPieces, type ArchiveEntry } from './archive.js';
import { faultyRow, rowOf } from './row-maker.js';
import { readSharedStrings, type SharedStrings } from './shared-strings.js';
import { openStoredFile, type StoredFile } from './stored-file.js';
import { readCellFormats, shownIsoDate, type CellFormats } from './cell-format.js';
import { mainPart, partsOf, relationsOf, requirePart } from './workbook-parts.js';
import { elementsOfXml } from './xml.js';
import { MAX_CHARACTERS, MAX_COLUMNS, sheetRows, type Cell, type SheetRow } from './sheet-rows.js';

/** An open workbook. */
export interface Workbook {
  readonly sheets: readonly Sheet[];
  /** Reads the strings that cells refer to: all, or the first `count` of them. */
  readonly sharedStrings: (count?: number) => Promise<SharedStrings>;
  /** How numbers are shown. */
  readonly formats: CellFormats;
  /** Reads the rows of a sheet. */
  readonly rows: (part: string) => AsyncGenerator<SheetRow[]>;
  readonly close: () => void;
}

/** A sheet of a workbook. */
export interface Sheet {
  /** Its name on the tab. */
  readonly name: string;
  /** Path of its part in the archive. */
  readonly part: string;
}

/** The content of a cell from a program that does not calculate formulas. */
const UNSAVED = 'a formula without its value; open the workbook in Excel or LibreOffice and save it';

/** The most characters of a cell's value in a message. */
const MAX_SHOWN = 40;

/** How many rows to search for a header. */
export const HEADER_ROWS = 10;

/** Opens a workbook and finds its sheets. Throws an `InputError` if it is not one. */
export async function openWorkbook(file: StoredFile): Promise<Workbook> {
  const access = openStoredFile(file);
  try {
    const parts = partsOf(access);
    const main = await mainPart(access, parts, file.name);
    const relations = await relationsOf(access, parts, main, file.name);
    const part = (path: string): ArchiveEntry => requirePart(parts, path, file.name);
    const pieces = (path: string): AsyncIterable<Buffer> => memberPieces(access, part(path).member, file.name);
    const sheets: Sheet[] = [];
    let from1904 = false;
    for (const { tag, attributes } of await elementsOfXml(pieces(main), file.name)) {
      if (tag === 'workbookPr') from1904 = /^(1|true|on)$/i.test(attributes.date1904 ?? '');
      const target = tag === 'sheet' ? relations.find(({ id }) => id === attributes.id)?.target : undefined;
      if (target !== undefined) sheets.push({ name: printable(attributes.name ?? ''), part: part(target).path });
    }
    const piecesOf = (kind: string): AsyncIterable<Buffer> | undefined => {
      const target = relations.find(({ type }) => type.endsWith(`/${kind}`))?.target;
      return target === undefined || !parts.has(target) ? undefined : pieces(target);
    };
    return {
      sheets,
      sharedStrings: (count) => readSharedStrings(piecesOf('sharedStrings'), file.name, count),
      formats: await readCellFormats(piecesOf('styles'), file.name, { from1904 }),
      rows: (sheet) => sheetRows(pieces(sheet), file.name),
      close: access.close,
    };
  } catch (error) {
    access.close();
    throw error;
  }
}

/** Reads the rows of a sheet below its header. Throws an `InputError` if the workbook is damaged. */
export async function* readWorkbook(source: PairSource): AsyncGenerator<Row[]> {
  const {
    id: file,
    files: [stored],
    sheet,
    layout,
    corpus,
    columns,
  } = source;
  if (layout === undefined) throw new Error(`${file}: a sheet without a layout`);
  const workbook = await openWorkbook(stored!);
  try {
    const texts = { strings: await workbook.sharedStrings(), formats: workbook.formats };
    const toRow = rowReader(layout.places, texts, columns, { file, corpus });
    let before = layout.rowsBefore;
    for await (const sheetRows of workbook.rows(sheet!)) {
      const rows = sheetRows.slice(before);
      before = Math.max(0, before - sheetRows.length);
      yield rows.filter(({ cells }) => cells.length > 0).map(toRow);
    }
  } finally {
    workbook.close();
  }
}

/** What is needed to get the texts of cells. */
interface CellTexts {
  readonly strings: SharedStrings;
  readonly formats: CellFormats;
}

/** The texts of a row's cells, by column; empty for missing ones. */
export function textsOf({ cells }: SheetRow, strings: SharedStrings, formats: CellFormats): string[] {
  const texts: string[] = [];
  for (const cell of cells) {
    while (texts.length < cell.column && texts.length < MAX_COLUMNS) texts.push('');
    texts[cell.column] = textOf(cell, { strings, formats }) ?? '';
  }
  return texts;
}

function rowReader(
  { ko: first, en: second, language }: ColumnPlaces,
  source: CellTexts,
  columns: TextColumns,
  place: Omit<Place, 'row'>,
): (row: SheetRow) => Row {
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
        return faultyRow(here, `expected text in ${name}, got the error ${shown(cell)}; correct the formula`);
      if (cell !== undefined && isTooLong(cell, source))
        return faultyRow(here, `expected at most ${MAX_CHARACTERS} characters in ${name}, got more; shorten the text`);
      if (cell?.type === 'f') return faultyRow(here, `expected text in ${name}, got ${UNSAVED}`);
      const text = cell === undefined ? '' : textOf(cell, source);
      if (text === undefined)
        return faultyRow(
          here,
          `expected text in ${name}, got string ${shown(cell!)} of ${source.strings.count}; save it as .xlsx again`,
        );
      texts.push(text);
    }
    const said = find(language);
    return rowOf(here, texts[0]!, texts[1]!, said === undefined ? undefined : textOf(said, source));
  };
}

/** The beginning of a cell's value, for messages. */
function shown({ value }: Cell): string {
  return value.slice(0, MAX_SHOWN);
}

function isTooLong({ type, value }: Cell, { strings }: CellTexts): boolean {
  return type === 'long' || (type === 's' && strings.isTooLong(Number(value)));
}

/** The text of a cell as Excel shows it; undefined if it refers to a string that does not exist. */
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
    case 'f':
    case 'long':
      return undefined;
    default:
      return value;
  }
}
