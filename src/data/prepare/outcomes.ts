/** @file Counts rows by outcome. */
import path from 'node:path';
import { CORPORA } from '../corpus-name.js';
import { formatCounted } from '../../base/format.js';
import { skippedFile, whyUnread, type SkippedFile } from '../skipped-file.js';
import type { PairSource } from '../sources.js';
import { DROP_REASONS, type DropReason } from './drop-reasons.js';
import { EXAMPLES, type Collected, type DropTallies, type Example } from './collect.js';
import type { Decision } from './decide.js';
import { RowTable, VERDICTS } from './duplicates.js';
import type { Encoded } from './encode.js';
import type { Outcomes, SwappedPairs } from './report.js';
import { comparePlaces, runOf, type Rows } from './rows.js';
import { SPLIT } from './splits.js';
import { placeOf } from './spill.js';

/** Counts of all rows by outcome, and the first examples of those that were dropped. */
export interface CountedRows {
  readonly outcomes: Outcomes;
  readonly examples: Partial<Record<DropReason, string[]>>;
}

/** Counts by reason and corpus. */
export function countRows(
  collected: readonly Collected[],
  rows: Rows,
  { verdicts, splits, tooLong }: Pick<Decision, 'verdicts' | 'splits' | 'tooLong'>,
  encoded: readonly Encoded[],
): CountedRows {
  const counts = (): number[] => CORPORA.map(() => 0);
  const [training, validation, notSampled] = [counts(), counts(), counts()];
  const dropped = new Map<DropReason, number[]>();
  const firsts = new Map<DropReason, FirstRows>();
  const { corpus } = rows.facts;
  const drop = (reason: DropReason, row: number): void => {
    if (!dropped.has(reason)) dropped.set(reason, counts());
    if (!firsts.has(reason)) firsts.set(reason, new FirstRows(rows));
    dropped.get(reason)![corpus[row]!]!++;
    firsts.get(reason)!.add(row);
  };
  const isCopyOfLong = copiesOf(
    encoded.map((shard) => shard.tooLong),
    rows,
  );
  verdicts.forEach((verdict, row) => {
    if (tooLong?.[row] === 1) drop('too_long', row);
    else if (verdict === 0) notSampled[corpus[row]!]!++; // corrected below if it was encoded
    else drop(isCopyOfLong(row) ? 'too_long' : (VERDICTS[verdict] as DropReason), row);
  });
  for (const shard of encoded) {
    for (const row of shard.used) {
      notSampled[corpus[row]!]!--;
      (splits[row] === SPLIT.training ? training : validation)[corpus[row]!]!++;
    }
    for (const row of shard.tooLong) {
      notSampled[corpus[row]!]!--;
      drop('too_long', row);
    }
  }
  const examples = Object.fromEntries(
    [...firsts].map(([reason, { rows: first }]) => [reason, first.map((row) => placeText(rows, row))]),
  );
  const found = mergeTallies(collected);
  const reasons = Object.keys(DROP_REASONS) as DropReason[];
  return {
    outcomes: {
      read: CORPORA.map((_, i) => collected.reduce((sum, { read }) => sum + read[i]!, 0)),
      dropped: new Map(
        reasons.flatMap((reason) => {
          const tally = found[reason]?.counts ?? dropped.get(reason);
          return tally === undefined ? [] : [[reason, tally]];
        }),
      ),
      not_sampled: notSampled,
      training,
      validation,
    },
    examples: Object.fromEntries(
      reasons.flatMap((reason) => {
        const first = found[reason]?.examples.map(({ text }) => text) ?? examples[reason];
        return first === undefined ? [] : [[reason, first]];
      }),
    ),
  };
}

/** Recognises copies of pairs that turned out to be too long when encoded. They are dropped as too long as well. */
function copiesOf(tooLong: readonly Uint32Array[], { facts }: Rows): (row: number) => boolean {
  const long = new RowTable(
    facts.pairHash,
    tooLong.reduce((sum, { length }) => sum + length, 0),
  );
  for (const rows of tooLong) for (const row of rows) long.add(row);
  return (row) => long.find(row) >= 0;
}

/** Counts swapped pairs by file, or by folder for small files. */
export function countSwapped(
  collected: readonly Collected[],
  sources: readonly PairSource[],
): SwappedPairs | undefined {
  const files = new Map<string, number>();
  const inOrder = collected.flatMap(({ swapped }) => swapped).sort((a, b) => a.source - b.source);
  for (const { source, pairs } of inOrder) {
    const file = fileOf(sources[source]!);
    files.set(file, (files.get(file) ?? 0) + pairs);
  }
  if (files.size === 0) return undefined;
  return {
    pairs: inOrder.reduce((sum, { pairs }) => sum + pairs, 0),
    files: [...files].map(([file, pairs]) => ({ file, pairs })),
  };
}

/** The file of a source, or the folder of small files. */
function fileOf({ id, shape }: PairSource): string {
  return shape === 'json-files' ? path.posix.dirname(id) : id;
}

/** What to say of the arrays without pairs in each JSON file, or in a folder of small files, in their order. */
export function otherArrays(collected: readonly Collected[], sources: readonly PairSource[]): SkippedFile[] {
  const files = new Map<string, Map<string, { elements: number; readonly reason: string }>>();
  const inOrder = collected.flatMap(({ others }) => others).sort((a, b) => a.source - b.source);
  for (const { source, key = 'at the top', elements, reason } of inOrder) {
    const file = fileOf(sources[source]!);
    const arrays = files.get(file) ?? new Map<string, { elements: number; readonly reason: string }>();
    files.set(file, arrays.set(key, { elements: (arrays.get(key)?.elements ?? 0) + elements, reason }));
  }
  return [...files].map(([file, arrays]) => {
    const parts = [...arrays].map(([key, { elements, reason }]) => ({
      name: `${key} (${formatCounted(elements, 'element')})`,
      reason,
    }));
    return skippedFile(file, whyUnread(formatCounted(parts.length, 'array'), parts));
  });
}

/** Keeps the rows that come first in the files. */
class FirstRows {
  readonly rows: number[] = [];

  constructor(private readonly all: Rows) {}

  add(row: number): void {
    const compare = (a: number, b: number): number => comparePlaces(this.all.facts, a, b);
    if (this.rows.length === EXAMPLES && compare(row, this.rows[EXAMPLES - 1]!) > 0) return;
    this.rows.push(row);
    this.rows.sort(compare);
    this.rows.splice(EXAMPLES);
  }
}

function placeText(rows: Rows, row: number): string {
  const { run, inRun } = runOf(rows, row);
  return placeOf(run, inRun);
}

function mergeTallies(collected: readonly Collected[]): DropTallies {
  const merged: DropTallies = {};
  for (const reason of Object.keys(DROP_REASONS) as DropReason[]) {
    const tallies = collected.flatMap(({ dropped }) => dropped[reason] ?? []);
    if (tallies.length === 0) continue;
    const byPlace = (a: Example, b: Example): number => a.source - b.source || a.index - b.index;
    merged[reason] = {
      counts: CORPORA.map((_, i) => tallies.reduce((sum, { counts }) => sum + counts[i]!, 0)),
      examples: tallies
        .flatMap(({ examples }) => examples)
        .sort(byPlace)
        .slice(0, EXAMPLES),
    };
  }
  return merged;
}
