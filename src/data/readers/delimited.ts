import { CsvError, parse, type Options } from 'csv-parse';
import { InputError } from '../../errors.js';
import { isSameName } from '../columns.js';
import type { Row } from '../pair.js';
import type { PairSource } from '../source.js';
import { faultyRow, rowOf } from './row-maker.js';

/** A quote that is never closed, or a file without line breaks, is reported once a row has grown this long. */
const MAX_ROW_BYTES = 1 << 20;

const DELIMITERS = { csv: ',', tsv: '\t' } as const;

/**
 * What becomes of a field whose quote is not closed: it goes on into the next rows, up to the quote that opens a field
 * of theirs, and keeps its own quote.
 */
const SWALLOWED_ROWS = /^"[^]*[\r\n](?:[^]*[,\t])?"/;

/** A row of a delimited file. */
export interface Record {
  readonly fields: readonly string[];
  /** Line on which it starts, from 1. */
  readonly line: number;
}

/** The rows of a CSV (RFC 4180) or tab-separated file with a header, in UTF-8. Throws an `InputError` for a damaged file. */
export async function* readDelimited(pieces: AsyncIterable<Buffer>, source: PairSource): AsyncGenerator<Row[]> {
  const { id: file, corpus, columns } = source;
  let toRow: ((record: Record) => Row) | undefined;
  for await (const records of recordsOf(pieces, source.shape as keyof typeof DELIMITERS, file)) {
    const rows = toRow === undefined ? records.slice(1) : records;
    toRow ??= rowReader(records[0].fields, columns, { file, corpus });
    yield rows.map(toRow);
  }
}

/** The rows of a delimited text in UTF-8, the header among them, piece by piece; blank lines are passed over. */
export async function* recordsOf(pieces: AsyncIterable<Buffer>, shape: keyof typeof DELIMITERS, name: string): AsyncGenerator<Record[]> {
  let records: Record[] = [];
  let line = 1; // the parser's own count takes a line break of two characters inside quotes for two
  const options: Options<never, string[]> = {
    delimiter: DELIMITERS[shape],
    max_record_size: MAX_ROW_BYTES,
    on_record: (fields) => {
      if (fields.length > 1 || fields[0] !== '') records.push({ fields, line });
      line += 1 + lineBreaksInside(fields);
      return null;
    },
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true, // those who read the rows check, and say more
    relax_quotes: true,
  };
  const parser = parse(options as unknown as Options); // its types allow for this with `columns` only
  const failure = new Promise<never>((_, reject) => {
    parser.once('error', (error) => {
      reject(error instanceof CsvError ? parseError(error, `${name} line ${line}`) : error);
    });
  });
  failure.catch(() => undefined); // it is awaited below, but maybe later than it comes
  for await (const piece of pieces) {
    await Promise.race([failure, new Promise((resolve) => parser.write(piece, resolve))]);
    if (records.length > 0) yield records;
    records = [];
  }
  await Promise.race([failure, new Promise<void>((resolve) => parser.resume().once('end', resolve).end())]);
  if (records.length > 0) yield records;
}

function rowReader(header: readonly string[], { ko, en, language }: PairSource['columns'], place: { file: string; corpus: PairSource['corpus'] }): (record: Record) => Row {
  const placeOf = (name: string): number => header.findIndex((column) => isSameName(column, name));
  const [first, second] = [placeOf(ko), placeOf(en)];
  const third = language === undefined ? -1 : placeOf(language);
  return ({ fields, line }) => {
    const here = { ...place, row: line };
    if (fields.length !== header.length) return faultyRow(here, wrongFieldCount(header, fields) + linesOf(fields, line));
    if (SWALLOWED_ROWS.test(fields[first]) || SWALLOWED_ROWS.test(fields[second])) return faultyRow(here, `expected a closing quote, got the next row${linesOf(fields, line)}`);
    return rowOf(here, fields[first], fields[second], fields[third]);
  };
}

function lineBreaksInside(fields: readonly string[]): number {
  let count = 0;
  for (const field of fields) {
    if (field.includes('\n') || field.includes('\r')) count += field.match(/\r\n|\n|\r/g)!.length;
  }
  return count;
}

/** Which lines a row of several takes up: all of them are lost with it. */
function linesOf(fields: readonly string[], first: number): string {
  const breaks = lineBreaksInside(fields);
  return breaks === 0 ? '' : ` (lines ${first} to ${first + breaks})`;
}

function wrongFieldCount(header: readonly string[], fields: readonly string[]): string {
  const remedy = fields.length > header.length ? 'put fields that hold the separator in quotes' : 'complete the row';
  return `expected ${header.length} fields, got ${fields.length}; ${remedy}`;
}

function parseError({ code }: CsvError, where: string): InputError {
  if (code === 'CSV_MAX_RECORD_SIZE') return new InputError(`${where}: expected a row of at most 1 MiB, got a longer one; close its quotes, and end rows with a line break`);
  return new InputError(`${where}: expected a closing quote, got the end of what was read; close the field's quotes`);
}
