import { CORPORA } from '../corpus-name.js';
import { InputError } from '../../base/errors.js';
import type { OtherArrays } from '../format.js';
import { isUnreadable, type Row, type UnreadableRow } from '../pair.js';
import { readBatches, type PairSource } from '../sources.js';
import { faultOf, foldText, visibleText } from './cleaning.js';
import type { DropReason } from './drop-reasons.js';
import { isReversed } from './direction.js';
import { repeatedHeaderTest } from './repeated-header.js';
import type { Run } from './spill.js';
import type { SpillWriter } from './spill-writer.js';

/** Sources that a worker reads in one job. */
export interface CollectJob {
  readonly kind: 'collect';
  readonly sources: readonly { readonly source: PairSource; readonly number: number }[];
  /** Rows keep the order of the files, and only empty texts are dropped. */
  readonly ordered: boolean;
}

/** Where a dropped row is, among all rows and as shown to the user. */
export interface Example {
  readonly source: number;
  readonly index: number;
  readonly text: string;
}

/** Rows dropped for one reason. */
export interface DropTally {
  /** By corpus number. */
  readonly counts: number[];
  /** The first few of them, in the order of the sources. */
  readonly examples: Example[];
}

export type DropTallies = Partial<Record<DropReason, DropTally>>;

/** The result of reading. */
export interface Collected {
  readonly runs: readonly Run[];
  /** Rows read, by corpus number. */
  readonly read: readonly number[];
  readonly dropped: DropTallies;
  /** The number of swapped pairs, for each source that has any. */
  readonly swapped: readonly SwappedSource[];
  /** The arrays without pairs that were passed over. */
  readonly others: readonly (OtherArrays & { readonly source: number })[];
}

/** How many pairs of a source were swapped. */
export interface SwappedSource {
  readonly source: number;
  readonly pairs: number;
}

/** A source with a larger share of unreadable rows was misread, for example with a wrong separator or encoding. */
const MAX_UNREADABLE = 0.5;

/** How many examples to keep for each reason. */
export const EXAMPLES = 10;

/** Called with the rows read since the last call, the number of their source, and whether they are its last. */
export type OnRead = (rows: number, source: number, isEnd: boolean) => void;

/** The most bytes of small files to read together. */
const JOB_BYTES = 8 << 20;

/** Groups small sources in order. The largest jobs come first, so that no worker is left with one at the end. */
export function collectJobs(sources: readonly PairSource[], ordered: boolean): CollectJob[] {
  const jobs: { bytes: number; sources: CollectJob['sources'][number][] }[] = [];
  for (const [number, source] of sources.entries()) {
    const last = jobs.at(-1);
    if (last !== undefined && last.bytes + source.bytes <= JOB_BYTES) {
      last.sources.push({ source, number });
      last.bytes += source.bytes;
    } else jobs.push({ bytes: source.bytes, sources: [{ source, number }] });
  }
  jobs.sort((a, b) => b.bytes - a.bytes);
  return jobs.map((job) => ({ kind: 'collect', sources: job.sources, ordered }));
}

/** Reads sources; sets usable rows aside, and counts the others. */
export async function collect(
  { sources, ordered }: CollectJob,
  spill: SpillWriter,
  onRead: OnRead,
): Promise<Collected> {
  const read: number[] = CORPORA.map(() => 0);
  const dropped: DropTallies = {};
  const swapped: SwappedSource[] = [];
  const others: Collected['others'][number][] = [];
  for (const { source, number } of sources) {
    let [index, swappedPairs] = [0, 0];
    const isHeader = ordered ? () => false : repeatedHeaderTest(source.columns);
    let unreadable: { readonly first: UnreadableRow; count: number } | undefined;
    for await (const batch of readBatches(source, (found) => others.push({ ...found, source: number }))) {
      for (const row of batch) {
        const corpus = CORPORA.indexOf(row.corpus);
        read[corpus]!++;
        if (isUnreadable(row)) (unreadable ??= { first: row, count: 0 }).count++;
        const outcome = keepRow(row, { source: number, index, corpus }, { ordered, isHeader, spill });
        if (outcome === 'swapped') swappedPairs++;
        else if (outcome !== 'kept') tally(dropped, outcome, corpus, { source: number, index, text: exampleText(row) });
        index++;
      }
      onRead(batch.length, number, false);
    }
    if (unreadable !== undefined && unreadable.count > MAX_UNREADABLE * index)
      throw mostlyUnreadable(unreadable.first, unreadable.count, index);
    if (swappedPairs > 0) swapped.push({ source: number, pairs: swappedPairs });
    onRead(0, number, true);
  }
  return { runs: spill.flush(), read, dropped, swapped, others };
}

function mostlyUnreadable({ file, row, fault }: UnreadableRow, count: number, rows: number): InputError {
  return new InputError(`${file}:${row}: ${fault} (${count} of ${rows} rows cannot be read)`);
}

/** Counts a dropped row, and keeps it as an example if it is among the first. */
export function tally(dropped: DropTallies, reason: DropReason, corpus: number, example?: Example): void {
  const found = (dropped[reason] ??= { counts: CORPORA.map(() => 0), examples: [] });
  found.counts[corpus]!++;
  if (example !== undefined && found.examples.length < EXAMPLES) found.examples.push(example);
}

/** Sets a row aside, swapped if necessary, or returns the reason to drop it. */
function keepRow(
  row: Row,
  at: { source: number; index: number; corpus: number },
  { ordered, isHeader, spill }: { ordered: boolean; isHeader: (ko: string, en: string) => boolean; spill: SpillWriter },
): DropReason | 'kept' | 'swapped' {
  if (isUnreadable(row)) return 'unreadable';
  let [ko, en] = [foldText(row.ko), foldText(row.en)];
  let [visibleKo, visibleEn] = [visibleText(ko), visibleText(en)];
  if (isHeader(visibleKo, visibleEn)) return 'repeated_header';
  const reversed = isReversed(visibleKo, visibleEn);
  if (reversed) [ko, en, visibleKo, visibleEn] = [en, ko, visibleEn, visibleKo];
  const fault = faultOf(visibleKo, visibleEn);
  if (fault === 'empty' || (fault !== undefined && !ordered)) return fault;
  spill.add({ ko, en, visibleKo, visibleEn, ...at, file: row.file, row: row.row });
  return reversed === (row.isSwapped === true) ? 'kept' : 'swapped'; // if swapped twice, it is as in the file
}

function exampleText(row: Row): string {
  const place = `${row.file}:${row.row}`;
  return isUnreadable(row) ? `${place} (${row.fault})` : place;
}
