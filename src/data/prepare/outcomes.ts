/** @file What became of every row, counted. */
import { CORPORA } from '../corpora.js';
import { DROP_REASONS, type DropReason } from './cleaning.js';
import { EXAMPLES, type Collected, type DropTallies, type Example } from './collect.js';
import type { Decision } from './decide.js';
import { VERDICTS } from './duplicates.js';
import type { Encoded } from './encode.js';
import type { Outcomes } from './report.js';
import { comparePlaces, runOf, type Rows } from './rows.js';
import { SIDE } from './sides.js';
import { placeOf } from './spill.js';

/** Counts of all rows by what became of them, and the first examples of those that were dropped. */
export interface CountedRows {
  readonly outcomes: Outcomes;
  readonly examples: Partial<Record<DropReason, string[]>>;
}

/** Counts by reasons and corpora. */
export function countRows(collected: readonly Collected[], rows: Rows, { verdicts, sides }: Pick<Decision, 'verdicts' | 'sides'>, encoded: readonly Encoded[]): CountedRows {
  const counts = (): number[] => CORPORA.map(() => 0);
  const [training, validation, staying] = [counts(), counts(), counts()];
  const dropped = new Map<DropReason, number[]>();
  const firsts = new Map<DropReason, FirstRows>();
  const { corpus } = rows.facts;
  const drop = (reason: DropReason, row: number): void => {
    if (!dropped.has(reason)) dropped.set(reason, counts());
    if (!firsts.has(reason)) firsts.set(reason, new FirstRows(rows));
    dropped.get(reason)![corpus[row]]++;
    firsts.get(reason)!.add(row);
  };
  verdicts.forEach((verdict, row) => {
    if (verdict === 0) staying[corpus[row]]++;
    else drop(VERDICTS[verdict] as DropReason, row);
  });
  for (const { used, tooLong } of encoded) {
    for (const row of used) (sides[row] === SIDE.training ? training : validation)[corpus[row]]++;
    for (const row of tooLong) drop('too_long', row);
  }
  const examples = Object.fromEntries([...firsts].map(([reason, { rows: first }]) => [reason, first.map((row) => placeText(rows, row))]));
  const tooLong = dropped.get('too_long') ?? counts();
  const notSampled = staying.map((count, i) => count - training[i] - validation[i] - tooLong[i]);
  const found = mergeTallies(collected);
  const reasons = Object.keys(DROP_REASONS) as DropReason[];
  return {
    outcomes: {
      read: CORPORA.map((_, i) => collected.reduce((sum, { read }) => sum + read[i], 0)),
      dropped: new Map(reasons.flatMap((reason) => {
        const tally = found[reason]?.counts ?? dropped.get(reason);
        return tally === undefined ? [] : [[reason, tally]];
      })),
      not_sampled: notSampled,
      training,
      validation,
    },
    examples: Object.fromEntries(reasons.flatMap((reason) => {
      const first = found[reason]?.examples.map(({ text }) => text) ?? examples[reason];
      return first === undefined ? [] : [[reason, first]];
    })),
  };
}

/** The rows that stand first in the files. */
class FirstRows {
  readonly rows: number[] = [];

  constructor(private readonly all: Rows) {}

  add(row: number): void {
    const compare = (a: number, b: number): number => comparePlaces(this.all.facts, a, b);
    if (this.rows.length === EXAMPLES && compare(row, this.rows[EXAMPLES - 1]) > 0) return;
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
      counts: CORPORA.map((_, i) => tallies.reduce((sum, { counts }) => sum + counts[i], 0)),
      examples: tallies.flatMap(({ examples }) => examples).sort(byPlace).slice(0, EXAMPLES),
    };
  }
  return merged;
}
