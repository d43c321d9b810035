/** How a delimited file is written, and where its texts stand. Plain data, so that any thread can read the file. */
export interface Dialect {
  /** One ASCII character. */
  readonly delimiter: string;
  /** What fields are quoted with; empty where quotes are characters like any other, and every line is a row. */
  readonly quote: '"' | "'" | '';
  /** Blanks may stand before a quote. */
  readonly isSpaced?: boolean;
  /** Backslashes escape quotes and separators. */
  readonly isEscaped?: boolean;
  /** Rows before the first pair: titles and the header. Blank lines do not count. */
  readonly rowsBefore: number;
  /** Fields of a row, and how many of them must be there: the last ones have no name in the header. */
  readonly fields: { readonly most: number; readonly least: number };
  /** Places of the columns, from 0. */
  readonly places: { readonly ko: number; readonly en: number; readonly language?: number };
}
