/** @file Reads the rows of judged pairs that are separated by tabs, semicolons, bars or commas. */
import { Readable } from 'node:stream';
import { COMMA_SEPARATED, firstRecords, soundRecordsOf, type Marks } from '../data/readers/delimited.js';
import { utf8Pieces } from '../data/readers/encoding.js';
import { bufferPieces } from '../data/readers/random-access.js';
import { areFieldsQuoted } from '../data/readers/tab-quotes.js';
import { linesOf } from '../data/readers/text-lines.js';
import { isFirstRow, MIN_COLUMNS, type StsRow } from './sts-columns.js';

/** A first line that tells Excel the separator. */
const SEPARATOR_LINE = /^"?sep=(.)"?\s*$/i;

/** Separators that texts hardly contain come first. */
const DELIMITERS = ['\t', ';', '|', ','];

/**
 * Reads the rows of a text.
 *
 * @param path the file, for messages
 * @param ending the ending of its name, which decides if no separator gives the columns of judged pairs
 * @param checkCount is told how many rows there are so far
 * @throws InputError for text in an unknown encoding, a row that is too long, and an unclosed quote; whatever
 *   `checkCount` throws
 */
export async function readStsRows(
  bytes: Buffer,
  path: string,
  ending: string,
  checkCount: (rows: number) => void,
): Promise<StsRow[]> {
  // in pieces, so that rows are counted before all are parsed
  const pieces = (): AsyncGenerator<Buffer> => utf8Pieces(Readable.from(bufferPieces(bytes)), path);
  const rows: StsRow[] = [];
  const add = (row: StsRow): void => {
    rows.push(row);
    checkCount(rows.length);
  };
  const [first = '', second = ''] = await firstLines(pieces(), path);
  const named = SEPARATOR_LINE.exec(first)?.[1];
  const top = named === undefined ? first : second;
  const delimiter = named ?? delimiterOf(top, path, ending);
  if (delimiter !== '\t' || (await areTabsQuoted(top, pieces()))) {
    const marks: Marks = { ...COMMA_SEPARATED, delimiter };
    for await (const records of soundRecordsOf(pieces(), marks, path)) records.forEach(add);
  } else {
    let line = 1;
    for await (const lines of linesOf(pieces(), path))
      for (const text of lines) add({ fields: text.split('\t'), line: line++ });
  }
  const filled = rows.filter(({ fields }) => fields.length > 1 || fields[0]!.trim() !== '');
  return named === undefined ? filled : filled.slice(1);
}

/** The separator with which the first row has the columns of judged pairs; if none has, the one of the ending. */
function delimiterOf(first: string, path: string, ending: string): string {
  const found = DELIMITERS.find((delimiter) => {
    const fields =
      delimiter === '\t'
        ? first.split('\t')
        : (firstRecords(first, { ...COMMA_SEPARATED, delimiter }, true, path)[0]?.fields ?? []);
    return isFirstRow(fields);
  });
  const isTabbed = ending !== '.csv' || first.split('\t').length >= MIN_COLUMNS;
  return found ?? (isTabbed ? '\t' : ',');
}

/** Whether quotes enclose fields: all of the first row, or as the whole tab-separated text tells. */
async function areTabsQuoted(first: string, pieces: AsyncIterable<Buffer>): Promise<boolean> {
  const fields = first.split('\t');
  return fields.every((field) => /^"[^"]*"$/.test(field)) || (await areFieldsQuoted(pieces, fields.length));
}

/** The first two lines that are not blank, if there are any. */
async function firstLines(pieces: AsyncIterable<Buffer>, path: string): Promise<string[]> {
  const found: string[] = [];
  for await (const lines of linesOf(pieces, path)) {
    found.push(...lines.filter((line) => line.trim() !== '').slice(0, 2 - found.length));
    if (found.length === 2) break;
  }
  return found;
}
