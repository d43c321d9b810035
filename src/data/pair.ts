import type { CorpusName } from './corpus-name.js';

/** Where a row is, in terms that a person can look up. */
export interface Place {
  /** Path of the file, with `/` and in NFC; for a file in an archive `archive.zip/path inside`. */
  readonly file: string;
  /** From 1: the line of a text file on which the row begins, the row of a sheet, the element of a JSON array. */
  readonly row: number;
  readonly corpus: CorpusName;
}

/** A Korean text and its English translation, as in the file. */
export interface Pair extends Place {
  readonly ko: string;
  readonly en: string;
  /** The file says that the row was translated from English, so the texts were swapped. */
  readonly isSwapped?: true;
}

/** A row that cannot be read, in a file that is otherwise intact. */
export interface UnreadableRow extends Place {
  /** What was expected and what was found, without the place. */
  readonly fault: string;
}

/** The result of reading a row. */
export type Row = Pair | UnreadableRow;

/** Whether a row could not be read. */
export function isUnreadable(row: Row): row is UnreadableRow {
  return 'fault' in row;
}
