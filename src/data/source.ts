import type { TextColumns } from './columns.js';
import type { CorpusName } from './corpus-name.js';
import type { Dialect } from './readers/dialect.js';
import type { JsonArrays } from './readers/json-arrays.js';
import type { JsonTable } from './readers/json-table-layout.js';
import type { SheetLayout } from './readers/sheet-layout.js';
import type { StoredFile } from './readers/stored-file.js';

/** How a source is read. `json-files` are small JSON files, usually with one object each. */
export const SHAPES = [
  'csv',
  'tsv',
  'json',
  'json-files',
  'json-table',
  'jsonl',
  'workbook',
  'aligned',
  'parquet',
  'arrow',
  'tmx',
] as const;

export type Shape = (typeof SHAPES)[number];

/**
 * The unit that one worker reads at a time: a file of pairs, a sheet of a workbook, or a slice of a folder of small
 * files. Plain data, so that any thread can read it.
 */
export interface PairSource {
  /** Path of the file, with `/` and in NFC, or of the first file of a slice; unique. */
  readonly id: string;
  /** The size when unpacked, as a measure of the work compared with other sources of the same shape. */
  readonly bytes: number;
  readonly corpus: CorpusName;
  readonly shape: Shape;
  readonly columns: TextColumns;
  /** One, except for slices, and for two aligned files: the Korean one and the English one. */
  readonly files: readonly StoredFile[];
  /** For a workbook: where the sheet is in it. */
  readonly sheet?: string;
  /** For a sheet: where its pairs are. */
  readonly layout?: SheetLayout;
  /** For JSON: how to find the pairs in its arrays. */
  readonly arrays?: JsonArrays;
  /** For JSON: the keys of the list in which each object has its pairs. */
  readonly inner?: readonly string[];
  /** For JSON that is one table: its layout. */
  readonly table?: JsonTable;
  /** For a delimited file. */
  readonly dialect?: Dialect;
}
