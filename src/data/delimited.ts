import { pipeline, Readable } from 'node:stream';
import { CsvError, parse, type Options } from 'csv-parse';
import { InputError } from '../errors.js';
import { findColumns, type ColumnNames, type Columns } from './columns.js';
import type { Pair } from './pair.js';
import { readBytes, utf8Chunks } from './text-file.js';

/** A quote that is never closed is reported once a row has grown this long, not after the whole file was read. */
const MAX_ROW_BYTES = 1 << 20;

/** The pairs of a CSV file (RFC 4180, with header), row by row. Throws an `InputError` for a damaged file. */
export function readCsv(file: string, names: ColumnNames): AsyncGenerator<Pair> {
  return readDelimited(file, ',', names);
}

/** The pairs of a tab-separated file, quoted as CSV is. Throws an `InputError` for a damaged file. */
export function readTsv(file: string, names: ColumnNames): AsyncGenerator<Pair> {
  return readDelimited(file, '\t', names);
}

async function* readDelimited(file: string, delimiter: string, names: ColumnNames): AsyncGenerator<Pair> {
  const rows = new RowReader(file, names);
  const options: Options<Pair, string[]> = {
    delimiter,
    max_record_size: MAX_ROW_BYTES,
    on_record: (record) => rows.toPair(record),
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true, // the row reader checks, and says more
  };
  const parser = parse(options as unknown as Options); // its types allow for this with `columns` only
  // An error of the source reaches the loop below through the parser, which `pipeline` destroys with it.
  pipeline(Readable.from(utf8Chunks(readBytes(file), file)), parser, () => undefined);
  try {
    yield* parser as AsyncIterable<Pair>;
  } catch (error) {
    throw error instanceof CsvError ? damagedRow(`${file} line ${rows.line}`, error) : error;
  }
  if (rows.header === undefined) throw new InputError(`${file}: expected a header and rows, got an empty file`);
}

/** Turns rows into pairs, and counts lines: the parser takes a line break of two characters inside quotes for two. */
class RowReader {
  header: readonly string[] | undefined;
  /** Line on which the row being read starts. */
  line = 1;
  private columns: Columns = { ko: 0, en: 0 };

  constructor(
    private readonly file: string,
    private readonly names: ColumnNames,
  ) {}

  /** The pair of a row; none for the header and for blank lines. */
  toPair(record: readonly string[]): Pair | null {
    const { file, line, header } = this;
    this.line += 1 + lineBreaksInside(record);
    if (record.length === 1 && record[0] === '') return null;
    if (header === undefined) {
      this.header = record;
      this.columns = findColumns(record, this.names, `${file} line ${line}`);
      return null;
    }
    if (record.length !== header.length) throw wrongFieldCount(`${file} line ${line}`, header, record);
    return { ko: record[this.columns.ko], en: record[this.columns.en], file, row: line, corpus: 'other' };
  }
}

function lineBreaksInside(record: readonly string[]): number {
  return record.reduce((count, field) => count + (field.match(/\r\n|\n|\r/g)?.length ?? 0), 0);
}

function wrongFieldCount(where: string, header: readonly string[], record: readonly string[]): InputError {
  const remedy = record.length > header.length ? '; put fields that hold the separator in quotes' : '; complete the row';
  return new InputError(
    `${where}: expected ${header.length} fields (${header.join(', ')}), got ${record.length}${remedy}`,
  );
}

function damagedRow(where: string, error: CsvError): InputError {
  switch (error.code as string) {
    case 'CSV_QUOTE_NOT_CLOSED':
    case 'CSV_MAX_RECORD_SIZE':
      return new InputError(`${where}: expected a closing quote, got the end of what was read; close the field's quotes`);
    default:
      return new InputError(
        `${where}: expected quotes around a whole field, got one in the middle; ` +
          'put the field in quotes and write each quote inside it twice',
      );
  }
}
