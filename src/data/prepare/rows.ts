/** @file All spilled rows, numbered across runs, in 33 bytes of memory per row. */
import type { RowFacts, Run } from './spill.js';

/** The usable rows, with their facts in parallel columns. */
export interface Rows {
  readonly count: number;
  readonly facts: RowFacts;
  readonly runs: readonly Run[];
  /** The number of each run's first row, followed by the number of all rows. */
  readonly runStarts: readonly number[];
}

/** Joins runs in the order of their first rows' places. Moves the facts out of the runs to avoid holding them twice. */
export function joinRuns(unordered: readonly Run[]): Rows {
  const runs = [...unordered].sort(
    (a, b) => a.facts.source[0]! - b.facts.source[0]! || a.facts.index[0]! - b.facts.index[0]!,
  );
  const runStarts = [0];
  for (const { facts } of runs) runStarts.push(runStarts.at(-1)! + facts.corpus.length);
  const count = runStarts.at(-1)!;
  const parts: { -readonly [Column in keyof RowFacts]: RowFacts[Column] }[] = runs.map(({ facts }) => facts);
  const words = (column: Exclude<keyof RowFacts, 'corpus' | 'variant'>, perRow: number): Uint32Array => {
    const joined = new Uint32Array(perRow * count);
    parts.forEach((part, run) => {
      joined.set(part[column], perRow * runStarts[run]!);
      part[column] = new Uint32Array();
    });
    return joined;
  };
  const corpus = new Uint8Array(count);
  parts.forEach((part, run) => {
    corpus.set(part.corpus, runStarts[run]);
  });
  const hasVariants = parts.some(({ variant }) => variant !== undefined);
  const variant = new Uint32Array(hasVariants ? count : 0);
  parts.forEach((part, run) => {
    if (part.variant !== undefined) variant.set(part.variant, runStarts[run]);
    delete part.variant;
  });
  const facts = {
    ...(hasVariants && { variant }),
    pairHash: words('pairHash', 2),
    koHash: words('koHash', 2),
    enHash: words('enHash', 2),
    corpus,
    source: words('source', 1),
    index: words('index', 1),
  };
  return { count, facts, runs, runStarts };
}

/** Finds the run that holds a row, and the row's number in it. */
export function runOf({ runs, runStarts }: Rows, row: number): { run: Run; inRun: number } {
  const number = runStarts.findLastIndex((start) => start <= row);
  return { run: runs[number]!, inRun: row - runStarts[number]! };
}

/** Whether row `a` comes before row `b` in the files. */
export function comparePlaces({ source, index }: RowFacts, a: number, b: number): number {
  return source[a]! - source[b]! || index[a]! - index[b]!;
}
