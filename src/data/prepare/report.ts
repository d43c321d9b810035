import { join } from 'node:path';
import * as v from 'valibot';
import { readIfThere } from '../../base/files.js';
import { checkJson, listOf, mapOf, number, object, partOf, text } from '../../base/json-schema.js';
import { parseJson } from '../../base/parse-json.js';
import { CORPORA, type CorpusName } from '../corpus-name.js';
import type { SkippedFile } from '../skipped-file.js';
import { ID_COLUMNS, type IdColumn } from '../store/id-columns.js';
import type { DropReason } from './drop-reasons.js';

/** The rows of a corpus, or of all, by outcome. */
export interface RowCounts {
  readonly read: number;
  readonly dropped: Readonly<Partial<Record<DropReason, number>>>;
  /** Usable as far as they were examined, but more than were requested. */
  readonly not_sampled: number;
  readonly training: number;
  readonly validation: number;
}

/** The rows of a corpus, by outcome. */
export interface CorpusCounts extends RowCounts {
  readonly corpus: CorpusName;
}

/** What the preparation of a token store found and did. */
export interface PrepareReport {
  readonly corpora: readonly CorpusCounts[];
  readonly total: RowCounts;
  /** The first rows dropped, as `file:row`, in the order of the files. */
  readonly examples: Readonly<Partial<Record<DropReason, readonly string[]>>>;
  /** Pairs that were swapped; absent if there were none. */
  readonly swapped?: SwappedPairs;
  /** Files that were not read, and files with sheets or arrays that were not. */
  readonly skipped: readonly SkippedFile[];
  /**
   * A histogram of tokens per text, over the pairs that were encoded: `lengths[column][tokens]`, the last for all
   * longer ones.
   */
  readonly lengths: Readonly<Record<IdColumn, readonly number[]>>;
  /** Texts that were truncated to 77 tokens. */
  readonly cut: Readonly<Record<IdColumn, number>>;
}

/** Pairs whose Korean and English texts were swapped. */
export interface SwappedPairs {
  readonly pairs: number;
  /** In the order of the sources. */
  readonly files: readonly { readonly file: string; readonly pairs: number }[];
}

/**
 * The report file of a store. It holds everything that depends on paths, which must not be in the manifest. Nothing is
 * derived from it.
 */
export const REPORT_FILE = 'report.json';

const REPORT_REMEDY = 'prepare the data again for a report of it';

const COUNTS = { read: number, dropped: mapOf(number), not_sampled: number, training: number, validation: number };

const ofColumns = (schema: v.GenericSchema): v.GenericSchema =>
  object(Object.fromEntries(ID_COLUMNS.map((column) => [column, schema])));

const SWAPPED = object({ pairs: number, files: listOf(object({ file: text, pairs: number })) });

const REPORT = partOf<PrepareReport & { readonly turned?: SwappedPairs }>(
  object({
    corpora: listOf(object({ corpus: text, ...COUNTS })),
    total: object(COUNTS),
    examples: mapOf(listOf(text)),
    swapped: v.exactOptional(SWAPPED),
    turned: v.exactOptional(SWAPPED), // the name in earlier versions
    skipped: listOf(object({ file: text, why: text })),
    lengths: ofColumns(listOf(number)),
    cut: ofColumns(number),
  }),
);

/**
 * Reads the report in a token store's folder.
 *
 * @returns undefined if there is none
 * @throws InputError if it cannot be read or is not a report; the store is usable all the same
 */
export async function readReport(store: string): Promise<PrepareReport | undefined> {
  const path = join(store, REPORT_FILE);
  const contents = await readIfThere(path);
  if (contents === undefined) return undefined;
  const { turned, ...report } = checkJson(REPORT, parseJson(contents, path, REPORT_REMEDY), path, REPORT_REMEDY);
  return turned === undefined ? report : { ...report, swapped: turned };
}

/** Rows by outcome, by corpus number. */
export type Outcomes = Readonly<Record<'read' | 'not_sampled' | 'training' | 'validation', readonly number[]>> & {
  readonly dropped: ReadonlyMap<DropReason, readonly number[]>;
};

/** The counts of every corpus that has rows. */
export function countsByCorpus(outcomes: Outcomes): CorpusCounts[] {
  return CORPORA.flatMap((corpus, number) => {
    const pick = (counts: readonly number[]): number => counts[number]!;
    const counts = countsOf(outcomes, pick);
    return counts.read === 0 ? [] : [{ corpus, ...counts }];
  });
}

/** The counts of all rows. */
export function totalCounts(outcomes: Outcomes): RowCounts {
  return countsOf(outcomes, (counts) => counts.reduce((sum, count) => sum + count, 0));
}

function countsOf(outcomes: Outcomes, pick: (counts: readonly number[]) => number): RowCounts {
  const dropped = [...outcomes.dropped]
    .map(([reason, counts]) => [reason, pick(counts)] as const)
    .filter(([, count]) => count > 0);
  return {
    read: pick(outcomes.read),
    dropped: Object.fromEntries(dropped),
    not_sampled: pick(outcomes.not_sampled),
    training: pick(outcomes.training),
    validation: pick(outcomes.validation),
  };
}

/** Adds histograms of token lengths. */
export function sumLengths(histograms: readonly (readonly Uint32Array[])[], size: number): Record<IdColumn, number[]> {
  const sums = ID_COLUMNS.map((column, i): [IdColumn, number[]] => [
    column,
    Array.from({ length: size }, (_, tokens) => histograms.reduce((sum, columns) => sum + columns[i]![tokens]!, 0)),
  ]);
  return Object.fromEntries(sums) as Record<IdColumn, number[]>;
}
