/** @file Finds the header among the first rows of a table: a workbook's sheet or a delimited text. */
import { numbersAdvice, whyUnrecognised } from '../column-faults.js';
import { headerTest, recogniseHeader, type ColumnNames, type Recognised } from '../columns.js';

/** The first rows of a table, read in one particular way. */
export interface FirstRows {
  readonly rows: readonly (readonly string[])[];
}

/** A header that was recognised. */
export interface Header<Reading extends FirstRows> {
  readonly reading: Reading;
  /** The index of its row in the reading. */
  readonly row: number;
  readonly recognised: Recognised;
}

/**
 * Finds the first row that is a header in any reading, preferring earlier readings.
 *
 * @param most how many rows to search
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

/** Why there is no header, with advice if the first row contains texts. */
export function whyNoHeader([first, ...below]: FirstRows['rows'], names: ColumnNames): string {
  return whyUnrecognised(first ?? [], names, below) + numbersAdvice(first, names);
}
