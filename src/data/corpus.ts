import path from 'node:path';
import { InputError } from '../errors.js';
import { countDropped, dropReason, type Dropped, type DropReason } from './clean.js';
import type { ColumnNames } from './columns.js';
import { readCsv, readTsv } from './delimited.js';
import { findCorpusFiles } from './files.js';
import { readJsonArray, readJsonLines } from './json.js';
import type { Pair } from './pair.js';

type Reader = (file: string, names: ColumnNames) => AsyncIterable<Pair>;

const READERS: Readonly<Record<string, Reader>> = {
  '.csv': readCsv,
  '.tsv': readTsv,
  '.json': readJsonArray,
  '.jsonl': readJsonLines,
};

/** Where pairs come from and what became of them. */
export interface CorpusReport {
  /** Pairs used, by file. */
  readonly files: readonly { readonly file: string; readonly pairs: number }[];
  /** Files found in folders that no reader knows. */
  readonly unrecognised: readonly string[];
  readonly dropped: ReadonlyMap<DropReason, Dropped>;
}

export interface Corpus {
  readonly pairs: readonly Pair[];
  readonly report: CorpusReport;
}

/**
 * Reads all pairs of the given files and folders, in their order, and drops those that cannot be used. `onRead` is told
 * the number of pairs read so far. Throws an `InputError` for what cannot be read and where no pair is left.
 */
export async function readCorpus(
  paths: readonly string[],
  names: ColumnNames = {},
  onRead?: (pairs: number) => void,
): Promise<Corpus> {
  const { files, unrecognised } = await findCorpusFiles(paths, Object.keys(READERS));
  const pairs: Pair[] = [];
  const counts: { file: string; pairs: number }[] = [];
  const dropped = new Map<DropReason, Dropped>();
  for (const file of files) {
    const before = pairs.length;
    for await (const pair of readPairs(file, names)) {
      const reason = dropReason(pair);
      if (reason !== undefined) countDropped(dropped, reason, pair);
      else if (pairs.push(pair) % 1000 === 0) onRead?.(pairs.length);
    }
    counts.push({ file, pairs: pairs.length - before });
  }
  if (pairs.length === 0) throw new InputError(`${paths.join(', ')}: expected pairs of texts, got none; add rows with both texts`);
  return { pairs, report: { files: counts, unrecognised, dropped } };
}

/** The pairs of one file, by the reader that its ending asks for, in the file's order. */
export function readPairs(file: string, names: ColumnNames = {}): AsyncIterable<Pair> {
  return READERS[path.extname(file).toLowerCase()](file, names);
}
