import { parse } from 'csv-parse/sync';
import { InputError } from '../../errors.js';
import { isSameName } from '../columns.js';
import type { Row } from '../pair.js';
import type { PairSource } from '../source.js';
import { RecordCutter, type Cut } from './record-cutter.js';
import { faultyRow, rowOf } from './row-maker.js';

const DELIMITERS = { csv: ',', tsv: '\t' } as const;

/** A row of a delimited file, or lines that are none. */
export interface Record {
  readonly fields: readonly string[];
  /** From 1. */
  readonly line: number;
  readonly lastLine: number;
  /** Why there are no fields. */
  readonly fault?: string;
}

/** The rows of a CSV (RFC 4180) or tab-separated file with a header, in UTF-8. Throws an `InputError` for a line of over 1 MiB. */
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
  const delimiter = DELIMITERS[shape];
  const cutter = new RecordCutter(delimiter.charCodeAt(0), name);
  for await (const piece of pieces) {
    const records = parseCuts(cutter.cut(piece), delimiter);
    if (records.length > 0) yield records;
  }
  const records = parseCuts(cutter.end(), delimiter);
  if (records.length > 0) yield records;
}

/** The same of a file in which every row counts. Throws an `InputError` for a quote that is not closed, too. */
export async function* soundRecordsOf(...[pieces, shape, name]: Parameters<typeof recordsOf>): AsyncGenerator<Record[]> {
  for await (const records of recordsOf(pieces, shape, name)) {
    for (const { fault, line } of records) if (fault !== undefined) throw new InputError(`${name} line ${line}: ${fault}`);
    yield records;
  }
}

function parseCuts(cuts: readonly Cut[], delimiter: string): Record[] {
  const sound = cuts.filter(({ fault }) => fault === undefined);
  const parsed: string[][] = parse(Buffer.concat(sound.map(({ bytes }) => bytes)), {
    delimiter,
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true, // those who read the rows check, and say more
    relax_quotes: true,
  });
  if (parsed.length !== sound.length) throw new Error(`${sound.length} rows were parsed as ${parsed.length}`);
  let next = 0;
  const records = cuts.map(({ fault, line, lastLine }): Record => (fault === undefined ? { fields: parsed[next++], line, lastLine } : { fields: [], line, lastLine, fault }));
  return records.filter(({ fields, fault }) => fault !== undefined || fields.length > 1 || fields[0] !== '');
}

function rowReader(header: readonly string[], { ko, en, language }: PairSource['columns'], place: { file: string; corpus: PairSource['corpus'] }): (record: Record) => Row {
  const placeOf = (name: string): number => header.findIndex((column) => isSameName(column, name));
  const [first, second] = [placeOf(ko), placeOf(en)];
  const third = language === undefined ? -1 : placeOf(language);
  return ({ fields, line, lastLine, fault }) => {
    const here = { ...place, row: line };
    const lines = lastLine === line ? '' : ` (lines ${line} to ${lastLine})`;
    if (fault !== undefined) return faultyRow(here, fault + lines);
    if (fields.length !== header.length) return faultyRow(here, wrongFieldCount(header, fields) + lines);
    return rowOf(here, fields[first], fields[second], fields[third]);
  };
}

function wrongFieldCount(header: readonly string[], fields: readonly string[]): string {
  const remedy = fields.length > header.length ? 'put fields that hold the separator in quotes' : 'complete the row';
  return `expected ${header.length} fields, got ${fields.length}; ${remedy}`;
}
