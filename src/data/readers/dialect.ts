/** How a delimited file is written, and where its texts are. Plain data, so that any thread can read the file. */
export interface Dialect {
  /** One ASCII character. */
  readonly delimiter: string;
  /** The quote around fields; empty if quotes are ordinary characters, and every line is a row. */
  readonly quote: '"' | "'" | '';
  /** Whether spaces may precede a quote. */
  readonly isSpaced?: boolean;
  /** Whether backslashes escape quotes and separators. */
  readonly isEscaped?: boolean;
  /** Rows before the first pair: titles and the header. Blank lines do not count. */
  readonly rowsBefore: number;
  /** The number of fields of a row, and how many of them are required: the last ones have no name in the header. */
  readonly fields: { readonly most: number; readonly least: number };
  /** Positions of the columns, from 0. */
  readonly places: { readonly ko: number; readonly en: number; readonly language?: number };
}
