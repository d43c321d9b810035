import type { ColumnPlaces } from '../columns.js';

/** Where the pairs of a sheet are. Plain data, so that any thread can read the sheet. */
export interface SheetLayout {
  /** Rows before the first pair: titles and the header. Rows that a sheet omits do not count. */
  readonly rowsBefore: number;
  readonly places: ColumnPlaces;
}
