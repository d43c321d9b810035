/** @file Finds the two columns of a table in a typed format, whose columns have names but no order. */
import { unreadAmong, whyUnrecognised, type UnreadColumn } from '../column-faults.js';
import { fittingColumns, isOnce, recogniseHeader, type ColumnNames } from '../columns.js';
import { corpusOf } from '../corpora.js';
import type { Verdict } from '../format.js';
import { textsAmong } from '../readers/row-maker.js';
import type { Shape } from '../source.js';

/** How many rows to examine. */
export const EXAMINED_ROWS = 20;

/** The beginning of a typed table. */
export interface TypedTable {
  readonly shape: Shape;
  /** The columns that have one value per row. */
  readonly columns: readonly string[];
  readonly unread: readonly UnreadColumn[];
  /** The values of the first rows. */
  readonly rows: readonly (readonly unknown[])[];
}

/**
 * The verdict on a table by its columns.
 *
 * @param file its name
 * @param remedy what to do if the texts are in columns that are not read
 */
export function probeTypedTable(
  { shape, columns: header, unread, rows }: TypedTable,
  names: ColumnNames,
  file: string,
  remedy: string,
): Verdict {
  const texts = rows.map(textsAmong);
  const repeated = repeatedColumn(header, names);
  if (repeated !== undefined) return { reason: `expected distinct column names, got ${repeated} twice; rename one` };
  const recognised = recogniseHeader(header, names, texts);
  if (recognised !== undefined)
    return [{ shape, columns: recognised.columns, corpus: corpusOf(recognised, texts, file) }];
  const found = unreadAmong(header, unread, names);
  if (found === undefined) return { reason: whyUnrecognised(header, names, texts) };
  return { reason: `expected columns with one value per row, got ${found}; ${remedy}` };
}

/** A name that fits a language and that several columns have, so that it does not identify one; undefined if none. */
function repeatedColumn(header: readonly string[], names: ColumnNames): string | undefined {
  const { ko, en } = fittingColumns(header, names);
  return [...ko, ...en].map((place) => header[place]!).find((name) => !isOnce(header, name));
}
