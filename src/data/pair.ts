/** A Korean text and its English translation, and where they stand. */
export interface Pair {
  readonly ko: string;
  readonly en: string;
  readonly file: string;
  /** Line on which the row starts, from 1. */
  readonly line: number;
}
