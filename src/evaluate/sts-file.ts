/**
 * @file Reads judged sentence pairs in their published formats: KorSTS (tab-separated, quotes are literal, with a
 * header), STS-B (the same seven columns without a header, plus up to two if sentences have sources; tab-separated even
 * if named `.csv`), KLUE-STS (a JSON array), JSON Lines, Parquet, and plain `score, sentence1, sentence2` with the
 * score first or last. Tab-separated files that pandas or Excel saved have quotes around fields; the whole file tells.
 */
import { extname } from 'node:path';
import { decodeText } from '../data/readers/encoding.js';
import { InputError } from '../base/errors.js';
import { formatCount } from '../base/format.js';
import { readInput, type InputLimit } from '../base/input-file.js';
import { gunzippedWhole, isGzip } from '../data/readers/gzip.js';
import { isParquet } from '../data/readers/parquet-magic.js';
import { isZip } from '../data/readers/archive.js';
import { pairsOf } from './sts-columns.js';
import { parseStsJson } from './sts-json.js';
import { parseStsParquet } from './sts-parquet.js';
import { readStsRows } from './sts-rows.js';
import type { StsPair } from './sts.js';

/** Published files of judged pairs have a few megabytes. */
const LIMIT: InputLimit = { most: 64 * 2 ** 20, remedy: 'give a part of it' };

/** The limit for files of very short rows: published files have ten thousand. */
const MAX_ROWS = 2 ** 20;

const JSON_LINES = ['.jsonl', '.ndjson'];

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

/** Reads the pairs of a file, which gzip may have compressed once: there are files that unpack to themselves. */
async function pairsIn(stored: Buffer, path: string): Promise<StsPair[]> {
  if (!isGzip(stored)) return pairsInPlain(stored, path, path);
  const bytes = gunzippedWhole(stored, path, LIMIT.most);
  if (!isGzip(bytes)) return pairsInPlain(bytes, path, path.replace(/\.gz$/i, ''));
  throw new InputError(
    `${path}: expected judged pairs, compressed once at most, got a gzip file within a gzip file; unpack it`,
  );
}

/** Reads the pairs of a file by its first bytes, or else by the ending of its name. */
async function pairsInPlain(bytes: Buffer, path: string, name: string): Promise<StsPair[]> {
  if (isParquet(bytes))
    return parseStsParquet(bytes, path, (rows) => {
      checkCount(rows, path);
    });
  const ending = extname(name).toLowerCase();
  const areLines = JSON_LINES.includes(ending);
  if (areLines || ending === '.json') return parseStsJson(decodeText(bytes, path), path, areLines);
  if (isZip(bytes))
    throw new InputError(
      `${path}: expected judged pairs as text or Parquet, got a workbook or another archive; save them as .csv`,
    );
  const rows = await readStsRows(bytes, path, ending, (count) => {
    checkCount(count, path);
  });
  return pairsOf(rows, path);
}

/** Refuses more rows than a file of judged pairs has. */
function checkCount(rows: number, path: string): void {
  if (rows > MAX_ROWS)
    throw new InputError(`${path}: expected at most ${formatCount(MAX_ROWS)} rows, got more; ${LIMIT.remedy}`);
}
