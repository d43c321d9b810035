import type { ColumnNames, TextColumns } from './columns.js';
import type { CorpusName } from './corpus-name.js';
import type { Row } from './pair.js';
import type { StoredFile } from './readers/stored-file.js';
import type { Dialect } from './readers/dialect.js';
import type { JsonArrays } from './readers/json-arrays.js';
import type { JsonTable } from './readers/json-table-layout.js';
import type { SheetLayout } from './readers/sheet-layout.js';
import type { PairSource, Shape } from './source.js';

/** The beginning of a file, by which its format is recognised. */
export interface Beginning {
  /** The first bytes, at most 64 KiB, decompressed if the file is compressed by gzip. */
  readonly bytes: Buffer;
  /** The same as text, without a byte order mark; meaningless if they are not text. */
  readonly text: string;
  readonly isText: boolean;
  /** Whether that is the whole file. */
  readonly isWhole: boolean;
}

/**
 * A format of files of pairs. To add one: write an object of this type in `formats/`, add its shape to `SHAPES`
 * (source.ts) and the object to `FORMATS` (formats.ts).
 */
export interface Format {
  /** The shapes of its sources. */
  readonly shapes: readonly Shape[];
  /** The usual extensions, for messages. The content decides, not the extension. */
  readonly endings: readonly string[];
  /** Whether a file with this beginning has this format. */
  readonly matches: (beginning: Beginning, file: StoredFile) => boolean | Promise<boolean>;
  /**
   * Finds the tables in a file of this format. Throws an `InputError` if it cannot be read before it is recognised;
   * damage further on is left to `read`.
   */
  readonly probe: (file: StoredFile, names: ColumnNames, beginning: Beginning) => Promise<Verdict>;
  /**
   * The rows of a source, in batches, and, when they have been read, what else is in it. Throws an `InputError` for a
   * file that is damaged as a whole.
   */
  readonly read: (source: PairSource, onOthers?: OnOthers) => AsyncGenerator<Row[]>;
}

/** Arrays of a JSON file without pairs, beside others that have some. */
export interface OtherArrays {
  /** The keys that lead to them, joined by dots; undefined for an array, or objects, at the top. */
  readonly key: string | undefined;
  /** How many elements they have together. */
  readonly elements: number;
  /** Why they have no pairs. */
  readonly reason: string;
}

export type OnOthers = (others: OtherArrays) => void;

/** A table, as recognised from the beginning of its file. */
export interface Probed {
  readonly shape: Shape;
  readonly corpus: CorpusName;
  readonly columns: TextColumns;
  /** For a workbook: the name of the sheet, and the path of its part. */
  readonly sheet?: { readonly name: string; readonly part: string };
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
  /** For the first table of a workbook: the sheets without pairs, and why. */
  readonly others?: string;
}

/** Why a file holds no pairs. */
export interface NoPairs {
  readonly reason: string;
  /** The place in the file, such as `line 3`. */
  readonly place?: string;
  /** The apparent number of columns. */
  readonly columns?: number;
}

/** The result for a file: its tables, or why there are none. */
export type Verdict = readonly Probed[] | NoPairs;

/** Whether a file was found to hold no pairs. */
export function isNoPairs(verdict: Verdict): verdict is NoPairs {
  return !Array.isArray(verdict);
}
