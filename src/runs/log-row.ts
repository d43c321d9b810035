/** @file A line of a run's logs as numbers. */

/** A row of a log: NaN for a value that is not a number, or a column that the file lacks. */
export type LogRow<Column extends string> = Readonly<Record<Column, number>>;

/** Reads a line; undefined if it has too few values or too many, or no step. */
export type RowParser<Column extends string> = (line: string) => LogRow<Column> | undefined;

/** Reads the lines of a log with this header, of which some columns are wanted. */
export function rowParser<Column extends string>(header: string, columns: readonly Column[]): RowParser<Column> {
  const names = header
    .replace(/^\uFEFF/, '')
    .trimEnd()
    .split(','); // an editor may have added a BOM, and CR
  const places = columns.map((column) => [column, names.indexOf(column)] as const);
  return (line) => {
    const cells = line.split(',');
    if (cells.length !== names.length) return undefined;
    const row = {} as Record<Column, number>;
    for (const [column, place] of places) row[column] = numberIn(cells[place]);
    return Number.isSafeInteger(stepOf(row)) ? row : undefined;
  };
}

/** The step of a row, whose columns include it. */
export const stepOf = (row: object): number => (row as { readonly step: number }).step;

function numberIn(cell: string | undefined): number {
  return cell === undefined || cell.trim() === '' ? NaN : Number(cell);
}
