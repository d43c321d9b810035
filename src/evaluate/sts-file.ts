/**
 * @file Reads judged sentence pairs in their published formats: KorSTS (tab-separated, quotes are literal, with a
 * header), STS-B (the same seven columns without a header, plus up to two if sentences have sources; tab-separated even
 * if named `.csv`), KLUE-STS (a JSON array), and plain `score, sentence1, sentence2` with the score first or last.
 */
import { extname } from 'node:path';
import { Readable } from 'node:stream';
import * as v from 'valibot';
import { isSameName } from '../data/columns.js';
import { soundRecordsOf } from '../data/readers/delimited.js';
import { decodeText, linesOf, utf8Pieces } from '../data/readers/encoding.js';
import { InputError } from '../base/errors.js';
import { formatCount } from '../base/format.js';
import { readInput, type InputLimit } from '../base/input-file.js';
import { checkJson, object, text, valuesThat } from '../base/json-schema.js';
import { parseJson } from '../base/parse-json.js';
import type { StsPair } from './sts.js';

/** Published files of judged pairs have a few megabytes. */
const LIMIT: InputLimit = { most: 64 * 2 ** 20, remedy: 'give a part of it' };

/** The limit for files of very short rows: published files have ten thousand. */
const MOST_ROWS = 2 ** 20;

/** A row and its line number, for messages. */
interface Row {
  readonly fields: readonly string[];
  readonly line: number;
}

/** The column indices of score and sentences. */
type Places = readonly [score: number, sentence1: number, sentence2: number];

/** The possible names of the columns. */
const NAMES = [
  ['score', 'label'],
  ['sentence1', 'sentence_1'],
  ['sentence2', 'sentence_2'],
];

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
  const bytes = await readInput(path, LIMIT);
  const isJson = extname(path).toLowerCase() === '.json';
  const pairs = isJson ? readKlue(bytes, path) : pairsOf(await readRows(bytes, path), path);
  if (new Set(pairs.map(({ score }) => score)).size < 2) {
    throw new InputError(
      `${path}: expected at least two pairs with different scores, got ${pairs.length} with ` +
        `${pairs.length === 0 ? 'none' : 'the same'}; give a file of judged pairs`,
    );
  }
  return pairs;
}

async function readRows(bytes: Buffer, path: string): Promise<Row[]> {
  const pieces = (): AsyncGenerator<Buffer> => utf8Pieces(Readable.from(piecesOf(bytes)), path);
  const rows: Row[] = [];
  const add = (row: Row): void => {
    if (rows.length === MOST_ROWS)
      throw new InputError(`${path}: expected at most ${formatCount(MOST_ROWS)} rows, got more; ${LIMIT.remedy}`);
    rows.push(row);
  };
  if (extname(path).toLowerCase() === '.csv' && !(await isTabSeparated(pieces(), path))) {
    for await (const records of soundRecordsOf(pieces(), 'csv', path)) records.forEach(add);
    return rows;
  }
  let line = 1;
  for await (const lines of linesOf(pieces(), path)) {
    for (const row of lines) add({ fields: row.split('\t'), line: line++ });
  }
  return rows.filter(({ fields }) => fields.length > 1 || fields[0]!.trim() !== '');
}

/** Splits bytes into pieces, so that rows are counted before all are parsed. */
function* piecesOf(bytes: Buffer): Generator<Buffer> {
  for (let start = 0; start < bytes.length; start += PIECE) yield bytes.subarray(start, start + PIECE);
}

const PIECE = 2 ** 18;

/** Whether the first line has enough tabs for three columns. */
async function isTabSeparated(pieces: AsyncIterable<Buffer>, path: string): Promise<boolean> {
  for await (const lines of linesOf(pieces, path)) {
    const first = lines.find((line) => line.trim() !== '');
    if (first !== undefined) return first.split('\t').length >= THREE[0]!.length;
  }
  return false;
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
  const places = NAMES.map((names) => {
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
  return checked(fields[score], fields[first], fields[second], `${path} line ${line}`);
}

function checked(score: unknown, sentence1: unknown, sentence2: unknown, where: string): StsPair {
  if (!isScore(score))
    throw new InputError(`${where}: expected a score, got ${JSON.stringify(score)}; correct the row or remove it`);
  const isText = (value: unknown): value is string => typeof value === 'string' && value.trim() !== '';
  if (!isText(sentence1) || !isText(sentence2))
    throw new InputError(`${where}: expected two sentences, got an empty one; complete the row or remove it`);
  if (NOT_TEXT.test(sentence1 + sentence2))
    throw new InputError(
      `${where}: expected two sentences, got bytes that are no text; save the file as UTF-8, or correct the row`,
    );
  return { score: Number(score), sentence1: sentence1.trim(), sentence2: sentence2.trim() };
}

/** A null character, and the replacement character of invalid bytes. */
const NOT_TEXT = /[\0\ufffd]/;

function isScore(value: unknown): boolean {
  if (typeof value === 'string') return DECIMAL.test(value.trim()) && Number.isFinite(Number(value));
  return typeof value === 'number' && Number.isFinite(value);
}

/** `Number` also takes `0x10` for a number. */
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/**
 * KLUE-STS: `[{sentence1, sentence2, labels: {"real-label": 3.714, label: 3.7}}]`; a plain `score` is accepted, too.
 */
function readKlue(bytes: Buffer, path: string): StsPair[] {
  const json = parseJson(decodeText(bytes, path), path, KLUE_REMEDY);
  return checkJson(KLUE, json, path, KLUE_REMEDY).map((value, i) => {
    const where = `${path} item ${i + 1}`;
    const item = checkJson(KLUE_ITEM, value, where, 'correct the item or remove it');
    const score = item.score ?? item.labels?.['real-label'] ?? item.labels?.label;
    return checked(score, item.sentence1, item.sentence2, where);
  });
}

const KLUE_REMEDY = 'give KLUE-STS as it is, or TSV or CSV';

const KLUE = valuesThat<readonly unknown[]>(Array.isArray, 'an array of judged pairs, as in KLUE-STS');

const SCORE = v.nullish(valuesThat<number | string>(isScore, 'a score'));

const KLUE_ITEM = object({
  sentence1: text,
  sentence2: text,
  score: SCORE,
  labels: v.nullish(object({ label: SCORE, 'real-label': SCORE })),
});
