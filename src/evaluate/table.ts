/** @file A table as such: what stands in it, not how it is drawn. */

/** Null where there is nothing to say. */
export type Cell = string | number | null;

/** A column of a table. */
export interface Column {
  readonly title: string;
  /** Heading over this column and its neighbours of the same group. */
  readonly group?: string;
  /** How its numbers are written. */
  readonly format?: (value: number) => string;
  /** Drawn, where it can be, as a bar: of 1, or of the largest value of the column. */
  readonly bar?: 'share' | 'magnitude';
}

/** A table of results. */
export interface Table {
  readonly title: string;
  readonly columns: readonly Column[];
  /** How many of the columns, the first ones, say what a row is; 1 where not given. */
  readonly keys?: number;
  readonly rows: readonly (readonly Cell[])[];
  /** What must be known to read it. */
  readonly notes: readonly string[];
}

/** What stands for null. */
const NOTHING = '–';

/** A cell as text. */
export function cellText(cell: Cell, { format = String }: Column): string {
  if (cell === null) return NOTHING;
  return typeof cell === 'number' ? format(cell) : cell;
}

/** Whether a column holds numbers, which stand on the right. */
export function isNumeric({ rows }: Table, column: number): boolean {
  return rows.some((cells) => typeof cells[column] === 'number');
}

/** Neighbouring columns of the same group, or single ones without: `[from, to)`. */
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
