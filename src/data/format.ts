import type { ColumnNames, TextColumns } from './columns.js';
import type { CorpusName } from './corpus-name.js';
import type { Row } from './pair.js';
import type { StoredFile } from './readers/stored-file.js';
import type { Dialect } from './readers/dialect.js';
import type { JsonTable } from './readers/json-table-layout.js';
import type { SheetLayout } from './readers/sheet-layout.js';
import type { PairSource, Shape } from './source.js';

/** The beginning of a file by which its format is told. */
export interface Beginning {
  /** The first bytes, at most 64 KiB, unpacked where the file is compressed by gzip. */
  readonly bytes: Buffer;
  /** The same as text, without a byte order mark; of other bytes one that means nothing. */
  readonly text: string;
  readonly isText: boolean;
  /** Whether that is all of the file. */
  readonly isWhole: boolean;
}

/**
 * A format of files of pairs. To add one: write an object of this kind in `formats/`, put its shape among `SHAPES`
 * (source.ts) and the object into `FORMATS` (formats.ts).
 */
export interface Format {
  /** The shapes that its sources have. */
  readonly shapes: readonly Shape[];
  /** The usual ends of names, for messages. A file is told by its content. */
  readonly endings: readonly string[];
  /** Whether a file that begins so is of this format. */
  readonly matches: (beginning: Beginning, file: StoredFile) => boolean | Promise<boolean>;
  /**
   * Finds the tables in a file of this format. Throws an `InputError` where it cannot be read before it is recognised;
   * what is recognised and damaged further on is left to `read`.
   */
  readonly probe: (file: StoredFile, names: ColumnNames, beginning: Beginning) => Promise<Verdict>;
  /** The rows of a source, in batches. Throws an `InputError` for a file that is damaged as a whole. */
  readonly read: (source: PairSource) => AsyncGenerator<Row[]>;
}

/** A table as its beginning shows it. */
export interface Probed {
  readonly shape: Shape;
  readonly corpus: CorpusName;
  readonly columns: TextColumns;
  /** Of a workbook: the name of the sheet, and its part. */
  readonly sheet?: { readonly name: string; readonly part: string };
  /** Of a sheet: where its pairs stand. */
  readonly layout?: SheetLayout;
  /** Of JSON in which arrays of pairs lie under other keys than `data`: the keys of arrays that are none. */
  readonly otherArrays?: readonly string[];
  /** Of JSON that is one table: how it lies in it. */
  readonly table?: JsonTable;
  /** Of a delimited file. */
  readonly dialect?: Dialect;
}

/** Why a file holds no pairs. */
export interface NoPairs {
  readonly reason: string;
  /** In the file, such as `line 3`. */
  readonly place?: string;
  /** How many columns it seems to have. */
  readonly columns?: number;
}

/** What became of a file: the tables in it, or why there are none. */
export type Verdict = readonly Probed[] | NoPairs;

/** Whether a verdict says that there are no pairs. */
export function isNoPairs(verdict: Verdict): verdict is NoPairs {
  return !Array.isArray(verdict);
}
