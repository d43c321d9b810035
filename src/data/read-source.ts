import type { Pair, Row } from './pair.js';
import { readDelimited } from './readers/delimited.js';
import { utf8Pieces } from './readers/encoding.js';
import { readJson, readJsonFiles, readJsonLines } from './readers/json.js';
import { readPieces } from './readers/stored-file.js';
import { readWorkbook } from './readers/workbook.js';
import type { PairSource } from './source.js';

/**
 * The rows of a source, one by one, in its order: pairs, and rows that could not be read. Throws an `InputError` for a
 * file that is damaged as a whole.
 */
export async function* readSource(source: PairSource): AsyncGenerator<Row> {
  for await (const rows of readBatches(source)) yield* rows;
}

/** The same rows in batches, as they come. */
export function readBatches(source: PairSource): AsyncGenerator<Row[]> {
  if (source.shape === 'workbook') return readWorkbook(source);
  if (source.shape === 'json-files') return readJsonFiles(source);
  const pieces = utf8Pieces(readPieces(source.files[0]), source.files[0].name);
  switch (source.shape) {
    case 'json':
      return readJson(pieces, source);
    case 'jsonl':
      return readJsonLines(pieces, source);
    default:
      return readDelimited(pieces, source);
  }
}

/** The first pairs of a source. */
export async function firstPairs(source: PairSource, count: number): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for await (const row of readSource(source)) {
    if ('ko' in row && pairs.push(row) === count) break;
  }
  return pairs;
}
