import { CsvError, parse } from 'csv-parse/sync';
import type { Row } from '../pair.js';
import type { PairSource } from '../source.js';
import { UnreadableFileError } from '../unreadable-file.js';
import type { Dialect } from './dialect.js';
import { RecordCutter, type Cut } from './record-cutter.js';
import { faultyRow, rowOf } from './row-maker.js';

/** A row of a delimited file, or invalid lines. */
export interface DelimitedRecord {
  readonly fields: readonly string[];
  /** From 1. */
  readonly line: number;
  readonly lastLine: number;
  /** Why there are no fields. */
  readonly fault?: string;
}

/** How fields are separated and quoted. */
export type Marks = Pick<Dialect, 'delimiter' | 'quote' | 'isSpaced' | 'isEscaped'>;

/** Fields separated by commas, in double quotes if necessary (RFC 4180). */
export const COMMA_SEPARATED: Marks = { delimiter: ',', quote: '"' };

/**
 * Reads the rows of a delimited text in UTF-8 below its header. A row over 1 MiB is faulty.
 */
export async function* readDelimited(pieces: AsyncIterable<Buffer>, source: PairSource): AsyncGenerator<Row[]> {
  const { id: file, dialect } = source;
  if (dialect === undefined) throw new Error(`${file}: a delimited file without a dialect`);
  const toRow = rowReader(dialect, source);
  let before = dialect.rowsBefore;
  for await (const records of recordsIn(pieces, dialect, file, dialect.fields.most)) {
    const rows = before === 0 ? records : records.slice(before);
    before = Math.max(0, before - records.length);
    yield rows.map(toRow);
  }
}

/** Reads the rows of a delimited text in UTF-8, including the header, in chunks. Skips blank lines. */
export async function* recordsIn(
  pieces: AsyncIterable<Buffer>,
  marks: Marks,
  name: string,
  width?: number,
): AsyncGenerator<DelimitedRecord[]> {
  const cutter = cutterFor(marks, name, width);
  for await (const piece of pieces) {
    const records = parseCuts(cutter.cut(piece), marks);
    if (records.length > 0) yield records;
  }
  const records = parseCuts(cutter.end(), marks);
  if (records.length > 0) yield records;
}

/** The first rows of a text that may be truncated; a row that is cut off is left out. */
export function firstRecords(text: string, marks: Marks, isWhole: boolean, name: string): DelimitedRecord[] {
  const cutter = cutterFor(marks, name);
  const cuts = cutter.cut(Buffer.from(text));
  return parseCuts(isWhole ? [...cuts, ...cutter.end()] : cuts, marks);
}

/** Splits a text into rows. */
export function cutterFor({ delimiter, ...options }: Marks, name: string, width?: number): RecordCutter {
  return new RecordCutter(delimiter.charCodeAt(0), name, { ...options, width });
}

/**
 * Reads the rows of a delimited text in which no row may be lost: also throws an `UnreadableFileError` for an unclosed
 * quote.
 */
export async function* soundRecordsOf(
  pieces: AsyncIterable<Buffer>,
  marks: Marks,
  name: string,
): AsyncGenerator<DelimitedRecord[]> {
  for await (const records of recordsIn(pieces, marks, name)) {
    for (const { fault, line } of records)
      if (fault !== undefined) throw new UnreadableFileError(name, fault, `line ${line}`);
    yield records;
  }
}

const WRONG_QUOTES = 'expected quotes around whole fields, got others; double the quotes inside fields';

function parseCuts(cuts: readonly Cut[], { delimiter, quote, isSpaced = false }: Marks): DelimitedRecord[] {
  const firstEscaped = isSpaced ? 0 : cuts.findIndex(({ isEscaped }) => isEscaped);
  const plain = firstEscaped === -1 ? cuts : cuts.slice(0, firstEscaped);
  const fieldsOfPlain =
    quote === '' ? plain.map(({ bytes }) => splitLine(bytes, delimiter)) : parsePlain(plain, delimiter, quote);
  const records = cuts.map(({ bytes, isEscaped, fault, line, lastLine }, i): DelimitedRecord => {
    if (fault !== undefined) return { fields: [], line, lastLine, fault };
    if (isEscaped || isSpaced) {
      const fields = splitRow(bytes.toString('utf8'), { delimiter, quote, isEscaped, isSpaced });
      return { fields, line, lastLine };
    }
    const fields = fieldsOfPlain[i];
    return { fields: fields ?? [], line, lastLine, ...(fields ? {} : { fault: WRONG_QUOTES }) };
  });
  return records.filter(({ fields, fault }) => fault !== undefined || fields.length > 1 || !isBlank(fields[0]!));
}

/** Whether a line has nothing but blanks, or the end mark of a text file under DOS. */
function isBlank(line: string): boolean {
  return line.replace('\x1a', '').trim() === '';
}

/** The fields of rows under RFC 4180; nothing for faulty ones. */
function parsePlain(cuts: readonly Cut[], delimiter: string, quote: string): (string[] | undefined)[] {
  const sound = cuts.filter(({ fault }) => fault === undefined);
  const fields =
    parseTogether(sound, delimiter, quote) ?? sound.map((cut) => parseTogether([cut], delimiter, quote)?.[0]);
  let next = 0;
  return cuts.map(({ fault }) => (fault === undefined ? fields[next++] : undefined));
}

/** The fields of rows; undefined if csv-parse finds other rows, or quotes that do not match. */
function parseTogether(cuts: readonly Cut[], delimiter: string, quote: string): string[][] | undefined {
  try {
    const parsed: string[][] = parse(Buffer.concat(cuts.map(({ bytes }) => bytes)), {
      delimiter,
      quote,
      escape: quote, // otherwise csv-parse assumes double quotes
      record_delimiter: ['\r\n', '\n', '\r'],
      relax_column_count: true, // the callers check this, with better messages
      relax_quotes: true,
    });
    return parsed.length === cuts.length ? parsed : undefined;
  } catch (error) {
    if (error instanceof CsvError) return undefined;
    throw error;
  }
}

function splitLine(bytes: Buffer, delimiter: string): string[] {
  return bytes
    .toString('utf8')
    .replace(/(?:\r\n|\n|\r)$/, '')
    .split(delimiter);
}

/**
 * Splits a row that may have spaces before quotes, or backslashes that escape a quote, separator, backslash or line
 * break. Removes the backslashes.
 */
function splitRow(text: string, { delimiter, quote, isEscaped, isSpaced }: Marks): string[] {
  const row = text.replace(/(?:\r\n|\n|\r)$/, '');
  const fields: string[] = [];
  let field = '';
  let isQuoted = false;
  for (let i = 0; i < row.length; i++) {
    const [character, next] = [row[i], row[i + 1]];
    const escapes = isEscaped === true && character === '\\';
    const isEscape =
      escapes && (next === quote || next === delimiter || next === '\\' || next === '\n' || next === '\r');
    if (isEscape || (isQuoted && character === quote && next === quote)) {
      field += next;
      i++;
    } else if (character === quote && (isQuoted || (isSpaced === true ? field.trim() : field) === '')) {
      if (!isQuoted) field = '';
      isQuoted = !isQuoted;
    } else if (character === delimiter && !isQuoted) {
      fields.push(field);
      field = '';
    } else field += character!;
  }
  return [...fields, field];
}

function rowReader(
  { fields: { most, least }, places }: Dialect,
  { id: file, corpus }: PairSource,
): (record: DelimitedRecord) => Row {
  const { ko, en, language = -1 } = places;
  return ({ fields, line, lastLine, fault }) => {
    const here = { file, corpus, row: line };
    const lines = lastLine === line ? '' : ` (lines ${line} to ${lastLine})`;
    if (fault !== undefined) return faultyRow(here, fault + lines);
    if (fields.length !== most && !isComplete(fields, most, least))
      return faultyRow(here, wrongFieldCount(most, fields) + lines);
    return rowOf(here, textIn(fields[ko]!), textIn(fields[en]!), fields[language]);
  };
}

/** The value of a field; empty for MySQL's mark of a missing value. */
function textIn(field: string): string {
  return field === '\\N' ? '' : field;
}

/** Whether the only missing fields are of nameless columns, or the only surplus fields are empty. */
function isComplete(fields: readonly string[], most: number, least: number): boolean {
  return fields.length < most ? fields.length >= least : fields.slice(most).every((field) => field === '');
}

function wrongFieldCount(most: number, fields: readonly string[]): string {
  const remedy = fields.length > most ? 'put fields that hold the separator in quotes' : 'complete the row';
  return `expected ${most} fields, got ${fields.length}; ${remedy}`;
}
