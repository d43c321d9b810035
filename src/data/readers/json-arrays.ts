import type { ColumnNames } from '../columns.js';

/** How to find the pairs in a JSON file's arrays. Plain data, so that any thread can read the file. */
export interface JsonArrays {
  /** The columns that the user named. */
  readonly names: ColumnNames;
  /** Whether arrays under all keys are examined, not only the one under `data`. */
  readonly areKeyed: boolean;
  /** Whether pairs may be in lists inside the elements. */
  readonly areNested: boolean;
}
