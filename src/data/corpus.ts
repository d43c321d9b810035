import { InputError } from '../errors.js';
import { countDropped, dropReason, type Dropped, type DropReason } from './clean.js';
import type { ColumnNames } from './columns.js';
import { isUnreadable, type Pair } from './pair.js';
import { findSources, readSource } from './sources.js';

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
 * Reads all pairs of the given files and folders, in the order of their sources, and drops those that cannot be used.
 * `onRead` is told the number of pairs read so far. Throws an `InputError` for what cannot be read and where no pair is
 * left.
 */
export async function readCorpus(
  paths: readonly string[],
  names: ColumnNames = {},
  onRead?: (pairs: number) => void,
): Promise<Corpus> {
  const { sources, skipped } = await findSources(paths, names);
  const pairs: Pair[] = [];
  const counts: { file: string; pairs: number }[] = [];
  const dropped = new Map<DropReason, Dropped>();
  for (const source of sources) {
    const before = pairs.length;
    for await (const row of readSource(source)) {
      const reason = isUnreadable(row) ? 'unreadable row' : dropReason(row);
      if (reason !== undefined) countDropped(dropped, reason, row);
      else if (pairs.push(row as Pair) % 1000 === 0) onRead?.(pairs.length);
    }
    counts.push({ file: source.id, pairs: pairs.length - before });
  }
  if (pairs.length === 0) throw new InputError(`${paths.join(', ')}: expected pairs of texts, got none; add rows with both texts`);
  return { pairs, report: { files: counts, unrecognised: skipped.map(({ file }) => file), dropped } };
}
