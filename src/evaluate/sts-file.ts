/**
 * @file Reads judged sentence pairs in their published formats: KorSTS (tab-separated, quotes are literal, with a
 * header), STS-B (the same seven columns without a header, plus up to two if sentences have sources; tab-separated even
 * if named `.csv`), KLUE-STS (a JSON array), JSON Lines, Parquet, and plain `score, sentence1, sentence2` with the
 * score first or last. Tab-separated files that pandas or Excel saved have quotes around fields; the whole file tells.
 */
import { extname } from 'node:path';
import { Readable } from 'node:stream';
import { isSameName } from '../data/columns.js';
import { soundRecordsOf } from '../data/readers/delimited.js';
import { decodeText, utf8Pieces } from '../data/readers/encoding.js';
import { linesOf } from '../data/readers/text-lines.js';
import { InputError } from '../base/errors.js';
import { formatCount } from '../base/format.js';
import { readInput, type InputLimit } from '../base/input-file.js';
import { gunzippedWhole, isGzip } from '../data/readers/gzip.js';
import { isParquet } from '../data/readers/parquet-magic.js';
import { areFieldsQuoted } from '../data/readers/tab-quotes.js';
import { parseStsJson } from './sts-json.js';
import { parseStsParquet } from './sts-parquet.js';
import { checkedPair, isScore, NAMES } from './sts-pair.js';
import type { StsPair } from './sts.js';

/** Published files of judged pairs have a few megabytes. */
const LIMIT: InputLimit = { most: 64 * 2 ** 20, remedy: 'give a part of it' };

/** The limit for files of very short rows: published files have ten thousand. */
const MAX_ROWS = 2 ** 20;

const JSON_LINES = ['.jsonl', '.ndjson'];

/** A row and its line number, for messages. */
interface Row {
  readonly fields: readonly string[];
  readonly line: number;
}

/** The column indices of score and sentences. */
type Places = readonly [score: number, sentence1: number, sentence2: number];

/** The columns of a file without a header that has only these: the score is first or last. */
const THREE: readonly Places[] = [
  [0, 1, 2],
  [2, 0, 1],
];

/** The columns of STS-B, which has no header: after genre, file, year and id. Sources of the sentences may follow. */
const STS_BENCHMARK: Places = [4, 5, 6];
const STS_BENCHMARK_COLUMNS = { fewest: 7, most: 9 };

/**
 * Reads judged pairs.
 *
 * @throws InputError for a file that cannot be read, unrecognised columns, a row without score or sentences, fewer than
 *   two pairs, and scores that are all equal
 */
export async function readStsFile(path: string): Promise<StsPair[]> {
  const pairs = await pairsIn(await readInput(path, LIMIT), path);
  if (new Set(pairs.map(({ score }) => score)).size < 2) {
    throw new InputError(
      `${path}: expected at least two pairs with different scores, got ${pairs.length} with ` +
        `${pairs.length === 0 ? 'none' : 'the same'}; give a file of judged pairs`,
    );
  }
  return pairs;
}

/** Reads the pairs of a file by its first bytes, or else by the ending of its name; `.gz` is left out of that. */
async function pairsIn(bytes: Buffer, path: string, name = path): Promise<StsPair[]> {
  if (isGzip(bytes)) return pairsIn(gunzippedWhole(bytes, path, LIMIT.most), path, name.replace(/\.gz$/i, ''));
  if (isParquet(bytes))
    return parseStsParquet(bytes, path, (rows) => {
      checkCount(rows, path);
    });
  const ending = extname(name).toLowerCase();
  const areLines = JSON_LINES.includes(ending);
  if (areLines || ending === '.json') return parseStsJson(decodeText(bytes, path), path, areLines);
  return pairsOf(await readRows(bytes, path, ending), path);
}

async function readRows(bytes: Buffer, path: string, ending: string): Promise<Row[]> {
  const pieces = (): AsyncGenerator<Buffer> => utf8Pieces(Readable.from(piecesOf(bytes)), path);
  const rows: Row[] = [];
  const add = (row: Row): void => {
    rows.push(row);
    checkCount(rows.length, path);
  };
  const first = await firstLine(pieces(), path);
  const isTabbed = ending !== '.csv' || first.split('\t').length >= THREE[0]!.length;
  if (!isTabbed || (await areTabsQuoted(first, pieces()))) {
    for await (const records of soundRecordsOf(pieces(), isTabbed ? 'tsv' : 'csv', path)) records.forEach(add);
    return rows;
  }
  let line = 1;
  for await (const lines of linesOf(pieces(), path)) {
    for (const row of lines) add({ fields: row.split('\t'), line: line++ });
  }
  return rows.filter(({ fields }) => fields.length > 1 || fields[0]!.trim() !== '');
}

/** Refuses more rows than a file of judged pairs has. */
function checkCount(rows: number, path: string): void {
  if (rows > MAX_ROWS)
    throw new InputError(`${path}: expected at most ${formatCount(MAX_ROWS)} rows, got more; ${LIMIT.remedy}`);
}

/** Whether quotes enclose fields: all of the first row, or as the whole tab-separated text tells. */
async function areTabsQuoted(first: string, pieces: AsyncIterable<Buffer>): Promise<boolean> {
  const fields = first.split('\t');
  return fields.every((field) => /^"[^"]*"$/.test(field)) || (await areFieldsQuoted(pieces, fields.length));
}

/** Splits bytes into pieces, so that rows are counted before all are parsed. */
function* piecesOf(bytes: Buffer): Generator<Buffer> {
  for (let start = 0; start < bytes.length; start += PIECE) yield bytes.subarray(start, start + PIECE);
}

const PIECE = 2 ** 18;

/** The first line that is not blank; empty if there is none. */
async function firstLine(pieces: AsyncIterable<Buffer>, path: string): Promise<string> {
  for await (const lines of linesOf(pieces, path)) {
    const first = lines.find((line) => line.trim() !== '');
    if (first !== undefined) return first;
  }
  return '';
}

function pairsOf(rows: readonly Row[], path: string): StsPair[] {
  if (rows.length === 0)
    throw new InputError(`${path}: expected judged pairs, got an empty file; give rows of score, sentence1, sentence2`);
  const header = placesByName(rows[0]!, path);
  const places = header ?? placesByCount(rows[0]!, path);
  const count = rows[0]!.fields.length;
  const columns = places === STS_BENCHMARK ? STS_BENCHMARK_COLUMNS : { fewest: count, most: count };
  return rows.slice(header === undefined ? 0 : 1).map((row) => pairOf(row, places, columns, path));
}

/**
 * The columns by the names in a header, of several names for one thing the first; undefined for a row that is not a
 * header.
 *
 * @throws InputError for a name that two columns have
 */
function placesByName({ fields, line }: Row, path: string): Places | undefined {
  const places = [NAMES.score, NAMES.sentence1, NAMES.sentence2].map((names) => {
    const name = names.find((known) => fields.some((field) => isSameName(field, known)));
    if (name === undefined) return [];
    return [...fields.keys()].filter((place) => isSameName(fields[place]!, name));
  });
  if (places.some(({ length }) => length === 0)) return undefined;
  const twice = places.find(({ length }) => length > 1);
  if (twice === undefined) return places.map(([place]) => place) as unknown as Places;
  throw new InputError(
    `${path} line ${line}: expected one column ${fields[twice[0]!]!}, got ${twice.length} of that name; ` +
      'leave one, or rename the others',
  );
}

function placesByCount({ fields }: Row, path: string): Places {
  const { fewest, most } = STS_BENCHMARK_COLUMNS;
  const isBenchmark = fields.length >= fewest && fields.length <= most;
  const candidates = isBenchmark ? [STS_BENCHMARK] : fields.length === THREE[0]!.length ? THREE : [];
  const places = candidates.find(([score]) => isScore(fields[score]));
  if (places !== undefined) return places;
  const found = fields
    .slice(0, 8)
    .map((field) => JSON.stringify(field.slice(0, 20)))
    .join(', ');
  throw new InputError(
    `${path} line 1: expected a header with score, sentence1 and sentence2, or these three as columns, got ` +
      `${found}; name the columns in the first row`,
  );
}

function pairOf(
  { fields, line }: Row,
  [score, first, second]: Places,
  { fewest, most }: { fewest: number; most: number },
  path: string,
): StsPair {
  if (fields.length < fewest || fields.length > most) {
    const columns = fewest === most ? String(fewest) : `${fewest} to ${most}`;
    throw new InputError(
      `${path} line ${line}: expected ${columns} columns, got ${fields.length}; complete the row or remove it`,
    );
  }
  return checkedPair(fields[score], fields[first], fields[second], `${path} line ${line}`);
}
