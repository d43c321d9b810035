/** @file The header of a table of which the first rows are known: of a workbook's sheet, of a delimited text. */
import {
  headerTest,
  numbersAdvice,
  recogniseHeader,
  whyUnrecognised,
  type ColumnNames,
  type Recognised,
} from '../columns.js';

/** The first rows of a table, by one way of reading them. */
export interface FirstRows {
  readonly rows: readonly (readonly string[])[];
}

/** A header that was recognised. */
export interface Header<Reading extends FirstRows> {
  readonly reading: Reading;
  /** Which row of the reading it is, from 0. */
  readonly row: number;
  readonly recognised: Recognised;
}

/**
 * The first row that is a header: by the first reading that has one there.
 *
 * @param most rows among which it is looked for
 */
export function findHeader<Reading extends FirstRows>(
  readings: readonly Reading[],
  names: ColumnNames,
  most: number,
): Header<Reading> | undefined {
  const isHeader = headerTest(names);
  for (let row = 0; row < most; row++) {
    for (const reading of readings) {
      const fields = reading.rows[row];
      if (fields === undefined) continue;
      const below = reading.rows.slice(row + 1);
      const recognised = recogniseHeader(fields, names, below);
      if (recognised !== undefined && isHeader(fields, below, row)) return { reading, row, recognised };
    }
  }
  return undefined;
}

/** Why no row is a header, told of the first; and what helps where that is a row of texts. */
export function whyNoHeader([first, ...below]: FirstRows['rows'], names: ColumnNames): string {
  return whyUnrecognised(first ?? [], names, below) + numbersAdvice(first, names);
}
