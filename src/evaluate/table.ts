/** @file A table's contents, independent of how it is drawn. */

/** Null for an empty cell. */
export type Cell = string | number | null;

/** A column of a table. */
export interface Column {
  readonly title: string;
  /** A heading over this column and adjacent ones of the same group. */
  readonly group?: string;
  /** How to format its numbers. */
  readonly format?: (value: number) => string;
  /** How to draw its values as bars, where possible: relative to 1, or to the largest value in the column. */
  readonly bar?: 'share' | 'magnitude';
}

/** A table of results. */
export interface Table {
  readonly title: string;
  readonly columns: readonly Column[];
  /** How many leading columns identify a row; default 1. */
  readonly keys?: number;
  readonly rows: readonly (readonly Cell[])[];
  /** What the reader must know. */
  readonly notes: readonly string[];
}

/** What is shown for null. */
const NOTHING = '–';

/** A cell as text. */
export function cellText(cell: Cell, { format = String }: Column): string {
  if (cell === null) return NOTHING;
  return typeof cell === 'number' ? format(cell) : cell;
}

/** Whether a column holds numbers, which are right-aligned. */
export function isNumeric({ rows }: Table, column: number): boolean {
  return rows.some((cells) => typeof cells[column] === 'number');
}

/** Spans of adjacent columns of the same group, and of single columns without one: `[from, to)`. */
export function columnSpans({
  columns,
}: Table): { readonly group: string | undefined; readonly from: number; readonly to: number }[] {
  const spans: { group: string | undefined; from: number; to: number }[] = [];
  for (const [i, { group }] of columns.entries()) {
    const last = spans.at(-1);
    if (group !== undefined && last?.group === group) last.to = i + 1;
    else spans.push({ group, from: i, to: i + 1 });
  }
  return spans;
}
