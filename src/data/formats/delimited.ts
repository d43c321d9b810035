/** @file Comma-, semicolon- and tab-separated files, with and without a header. */
import { numberedPlaces, type ColumnNames } from '../columns.js';
import { corpusOf } from '../corpora.js';
import type { Beginning, Format, Probed, Verdict } from '../format.js';
import { findHeader, whyNoHeader, type Header } from './header.js';
import { firstRecords, readDelimited, type Marks, type DelimitedRecord } from '../readers/delimited.js';
import type { Dialect } from '../readers/dialect.js';
import { utf8Pieces } from '../readers/encoding.js';
import { readPieces, type StoredFile } from '../readers/stored-file.js';
import { escapesAhead, quotesAhead } from '../readers/look-ahead.js';
import { tabEscapes } from '../readers/tab-escapes.js';
import { areFieldsQuoted } from '../readers/tab-quotes.js';
import { UnreadableFileError } from '../unreadable-file.js';

/** How many rows to search for a header. */
const HEADER_ROWS = 10;

/** How many rows below it to examine. */
const EXAMINED_ROWS = 20;

/** A first line that tells Excel the separator. */
const SEPARATOR_LINE = /^"?sep=(.)"?\s*(?:\r|\n|$)/i;

/** Any text might be delimited, so this format comes last. */
export const DELIMITED: Format = {
  shapes: ['csv', 'tsv'],
  endings: ['.csv', '.tsv', '.tab', '.txt'],
  matches: () => true,
  probe: probeDelimited,
  read: (source) => readDelimited(piecesOf(source.files[0]!), source),
};

/** The first rows of a text, split on demand by one separator and quote. */
class Reading {
  private cut: readonly DelimitedRecord[] | undefined;

  constructor(
    readonly marks: Marks,
    private readonly cutRows: () => readonly DelimitedRecord[],
  ) {}

  get records(): readonly DelimitedRecord[] {
    return (this.cut ??= this.cutRows());
  }

  get rows(): readonly (readonly string[])[] {
    return this.records.map(({ fields }) => fields);
  }
}

async function probeDelimited(file: StoredFile, names: ColumnNames, beginning: Beginning): Promise<Verdict> {
  const readings = await readingsWithRows(file, beginning);
  if (readings[0]!.records.length === 0) {
    const found = beginning.bytes.length === 0 ? 'an empty file' : 'blank lines';
    return { reason: `expected a header and rows, got ${found}; download or write it again` };
  }
  const header = findHeader(readings, names, HEADER_ROWS);
  if (header !== undefined) return [await tableUnder(header, file)];
  const table = withoutHeader(readings, names);
  if (table !== undefined) return [await settled(table, file)];
  return whyNot(readings, names);
}

/**
 * The beginning, split in every way to be tried. If it has too few rows to find a header, as they are long or blank,
 * more is read. Throws an `UnreadableFileError` if the first row is too long.
 */
async function readingsWithRows(file: StoredFile, { text, isWhole }: Beginning): Promise<Reading[]> {
  const readings = readingsOf(text, isWhole, file.name);
  if (isWhole || readings[0]!.records.length >= HEADER_ROWS) return readings;
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of piecesOf(file)) {
    pieces.push(piece);
    bytes += piece.length;
    if (bytes > LONG_BEGINNING_BYTES) break;
  }
  const longer = Buffer.concat(pieces).toString('utf8', 0, LONG_BEGINNING_BYTES);
  return readingsOf(longer, bytes <= LONG_BEGINNING_BYTES, file.name);
}

/** How many bytes to examine of a file that begins with long rows: two of the longest. */
const LONG_BEGINNING_BYTES = 1 << 21;

/** A first line of fields in single quotes. */
const SINGLE_QUOTED_HEADER = /^\s*'[^'\r\n]+'(?:[,;|\t]'[^'\r\n]+')+[\r\n]/;

/** A first line of fields in double quotes with spaces after the separators. */
const SPACED_HEADER = /^\s*"[^"\r\n]+"(?:[,;|] +"[^"\r\n]+")+ *[\r\n]/;

/** Separators to try after the usual ones; the last is Hive's. */
const RARE_DELIMITERS = ['^', '~', '\x01'];

/** The text split in every way to be tried, the likeliest first. */
function readingsOf(text: string, isWhole: boolean, name: string): Reading[] {
  const named = SEPARATOR_LINE.exec(text)?.[1];
  const isTabbed = /\.(tsv|tab)$/i.test(name);
  const usual = isTabbed ? ['\t', ',', ';', '|'] : [',', '\t', ';', '|'];
  const delimiters = named !== undefined ? [named] : [...usual, ...RARE_DELIMITERS];
  const quotes: readonly Marks['quote'][] = SINGLE_QUOTED_HEADER.test(text) ? ["'", '"'] : ['"', "'"];
  const all = delimiters
    .filter((delimiter) => delimiter < '\x7f')
    .flatMap((delimiter): Marks[] => [
      ...(delimiter === '\t' ? [{ delimiter, quote: '' } as const] : []),
      ...quotes.map((quote) => ({ delimiter, quote })),
      ...(SPACED_HEADER.test(text) ? [{ delimiter, quote: '"', isSpaced: true } as const] : []),
    ]);
  const rowsBy = (marks: Marks) => () => firstRecords(text, marks, isWhole, name).slice(0, HEADER_ROWS + EXAMINED_ROWS);
  return all.map((marks) => new Reading(marks, rowsBy(marks)));
}

async function tableUnder({ reading, row, recognised }: Header<Reading>, file: StoredFile): Promise<Probed> {
  const { marks, rows } = reading;
  const fields = rows[row]!;
  const { columns, places } = recognised;
  const most = fields.length;
  const named = fields.findLastIndex((name) => name.trim() !== '') + 1;
  const least = Math.max(named, 1 + Math.max(...(Object.values(places) as number[])));
  const below = rows.slice(row + 1);
  const dialect = { ...marks, rowsBefore: row + 1, fields: { most, least }, places };
  return settled({ shape: shapeOf(marks), corpus: corpusOf(recognised, below, file.name), columns, dialect }, file);
}

/**
 * The rows of a file whose columns the user specified by number: the reading in which the most rows have the same
 * number of fields.
 */
function withoutHeader(readings: readonly Reading[], names: ColumnNames): Table | undefined {
  const places = numberedPlaces(names);
  if (places === undefined) return undefined;
  const needed = 1 + Math.max(places.ko, places.en);
  let best: { share: number; table: Table } | undefined;
  const byTab = (marks: Marks): number => (marks.delimiter === '\t' ? 0 : 1); // texts contain commas, but no tabs
  for (const { marks, records } of [...readings].sort((a, b) => byTab(a.marks) - byTab(b.marks))) {
    const rowsBefore = records[0]?.fields[0]?.toLowerCase().startsWith('sep=') ? 1 : 0;
    const widths = records.slice(rowsBefore).map(({ fields }) => fields.length);
    const most = mode(widths);
    const share = widths.filter((width) => width === most).length / widths.length;
    if (most < needed || share <= (best?.share ?? 0)) continue;
    if (marks.delimiter === '\t' && best?.table.dialect.delimiter === '\t') continue; // the whole file decides
    const dialect = { ...marks, rowsBefore, fields: { most, least: most }, places };
    const columns = { ko: names.ko!, en: names.en! };
    best = { share, table: { shape: shapeOf(marks), corpus: 'other', columns, dialect } };
  }
  return best?.table;
}

type Table = Probed & { readonly dialect: Dialect };

/**
 * Completes the table by looking at the rest of the file. If that cannot be read, reading it later reports the error.
 */
async function settled(table: Table, file: StoredFile): Promise<Probed> {
  try {
    return await withMarksAhead(table, file);
  } catch (error) {
    if (!(error instanceof UnreadableFileError)) throw error;
    return table;
  }
}

/** Determines from the rest of the file whether and which quotes enclose fields, and whether backslashes escape. */
async function withMarksAhead(table: Table, file: StoredFile): Promise<Probed> {
  const { dialect } = table;
  const width = dialect.fields.most;
  const pieces = (): AsyncIterable<Buffer> => piecesOf(file);
  const withMarks = (marks: Partial<Dialect>): Probed => ({ ...table, dialect: { ...dialect, ...marks } });
  if (dialect.delimiter === '\t' && dialect.quote === '') {
    if (await areFieldsQuoted(pieces(), width)) return withMarks({ quote: '"' });
    const quote = await tabEscapes(pieces, width);
    return quote === undefined ? table : withMarks({ quote, isEscaped: true });
  }
  const { quote, isSpaced } = await quotesAhead(pieces, dialect, file.name, width);
  const marks = isSpaced === true ? { quote, isSpaced } : { quote };
  const isEscaped = await escapesAhead(pieces, { ...dialect, ...marks }, file.name, width);
  return withMarks(isEscaped ? { ...marks, isEscaped } : marks);
}

function whyNot(readings: readonly Reading[], names: ColumnNames): Verdict {
  const [first] = readings;
  const { fault, line } = first!.records[0]!;
  const place = `line ${line}`;
  if (fault !== undefined) return { reason: fault, place };
  // Report the reading with the most columns.
  const widest = readings.reduce(
    (best, reading) =>
      (reading.records[0]?.fields.length ?? 0) > (best!.records[0]?.fields.length ?? 0) ? reading : best,
    first,
  );
  const { rows } = widest!;
  return { reason: whyNoHeader(rows, names), place, columns: rows[0]!.length };
}

function piecesOf(file: StoredFile): AsyncGenerator<Buffer> {
  return utf8Pieces(readPieces(file), file.name);
}

function shapeOf({ delimiter }: Marks): 'csv' | 'tsv' {
  return delimiter === '\t' ? 'tsv' : 'csv';
}

/** The most frequent number. */
function mode(numbers: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const number of numbers) counts.set(number, (counts.get(number) ?? 0) + 1);
  return [...counts].reduce((best, entry) => (entry[1] > best[1] ? entry : best), [0, 0])[0];
}
