import type { TextColumns } from './columns.js';
import type { CorpusName } from './corpus-name.js';
import type { Dialect } from './readers/dialect.js';
import type { JsonTable } from './readers/json-table-layout.js';
import type { SheetLayout } from './readers/sheet-layout.js';
import type { StoredFile } from './readers/stored-file.js';

/** What a source is read as. `json-files` are small JSON files, mostly of one object each. */
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
 * A file that holds pairs, a sheet of a workbook, or a slice of a folder of small files: what one worker reads at a
 * time. Plain data, so that any thread can read it.
 */
export interface PairSource {
  /** Path of the file, with `/` and in NFC, or of the first file of a slice; no two sources have the same. */
  readonly id: string;
  /** Size when unpacked: how much work it is, compared with the others of its shape. */
  readonly bytes: number;
  readonly corpus: CorpusName;
  readonly shape: Shape;
  readonly columns: TextColumns;
  /** One, but for slices, and for two aligned files: the Korean one and the English one. */
  readonly files: readonly StoredFile[];
  /** Of a workbook: where in it the sheet lies. */
  readonly sheet?: string;
  /** Of a sheet: where its pairs stand. */
  readonly layout?: SheetLayout;
  /** Of JSON in which arrays of pairs lie under other keys than `data`: the keys of arrays that are none. */
  readonly otherArrays?: readonly string[];
  /** Of JSON that is one table: how it lies in it. */
  readonly table?: JsonTable;
  /** Of a delimited file. */
  readonly dialect?: Dialect;
}

/** A file that is not read, and why. */
export interface SkippedFile {
  readonly file: string;
  readonly why: string;
}
