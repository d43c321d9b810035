/** @file Logs that are tables: CSV files that grow by rows, under a header that names their columns. */
import { statSync } from 'node:fs';
import { readIfThere, writeFileAtomic } from '../base/files.js';
import { openLines, type LineFile, type Opening } from './line-file.js';

/** A line of a table, keyed by column. */
export type Row<Column extends string, Value = number> = Readonly<Partial<Record<Column, Value>>> & {
  readonly step: number;
};

/** A table that is open for more rows. */
export interface Table<Column extends string> extends Omit<LineFile, 'line'> {
  row(values: Row<Column, number | string>): void;
}

/** Opens a table for more rows; a new or empty one gets its header. */
export function openTable<Column extends string>(
  path: string,
  columns: readonly Column[],
  opening?: Opening,
): Table<Column> {
  const file = openLines(path, opening);
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0) file.line(columns.join(','));
  return {
    ...file,
    row: (values) => {
      file.line(columns.map((column) => values[column] ?? '').join(','));
    },
  };
}

/** Restores a table's header if its first line is numbers. */
export async function restoreHeader(path: string, columns: readonly string[]): Promise<void> {
  const text = (await readIfThere(path)) ?? '';
  if (/^\d+,/.test(text)) await writeFileAtomic(path, `${columns.join(',')}\n${text}`);
}

/** Adds the missing columns to a table that has only the first of them. */
export async function addColumns(path: string, columns: readonly string[]): Promise<void> {
  const [header, ...lines] = ((await readIfThere(path)) ?? '').split('\n');
  const found = header!.split(',');
  if (header === '' || found.length >= columns.length || found.some((name, i) => name !== columns[i])) return;
  const empty = ','.repeat(columns.length - found.length);
  const widened = lines.map((line) => (line === '' ? '' : line + empty));
  await writeFileAtomic(path, [columns.join(','), ...widened].join('\n'));
}
