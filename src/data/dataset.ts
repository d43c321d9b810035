import { createHash } from 'node:crypto';
import type { ColumnNames } from './columns.js';
import { readCorpus, type CorpusReport } from './corpus.js';
import type { Pair } from './pair.js';
import { splitPairs, type SplitOptions } from './split.js';
import { buildTokenTable, type RowEncoder, type TokenTable } from './token-table.js';

export interface DatasetOptions extends SplitOptions {
  /** Files and folders. */
  readonly paths: readonly string[];
  readonly columns?: ColumnNames;
}

/** All that training needs to know of the data. */
export interface Dataset {
  /** The pairs used: those that train, then those that validate, each in their order. */
  readonly pairs: readonly Pair[];
  /** The ids of `pairs`, row by row. */
  readonly table: TokenTable;
  /** Rows that train. */
  readonly train: Uint32Array;
  /** Rows that validate. */
  readonly validation: Uint32Array;
  readonly report: CorpusReport;
  /** What the user should know, a line each. */
  readonly notices: readonly string[];
  /** SHA-256, in hexadecimal, over the texts used, in their order. */
  readonly fingerprint: string;
}

export interface DatasetProgress {
  readonly onRead?: (pairs: number) => void;
  readonly onEncoded?: (texts: number, total: number) => void;
}

/** Reads, cleans, samples, splits and encodes. Throws an `InputError` for data or options that cannot be used. */
export async function loadDataset(
  options: DatasetOptions,
  tokenizers: { readonly teacher: RowEncoder; readonly student: RowEncoder },
  { onRead, onEncoded }: DatasetProgress = {},
): Promise<Dataset> {
  const corpus = await readCorpus(options.paths, options.columns, onRead);
  const split = splitPairs(corpus.pairs.length, options);
  const pairs = [...split.train, ...split.validation].map((index) => corpus.pairs[index]);
  const table = await buildTokenTable(pairs, tokenizers, onEncoded);
  const rows = Uint32Array.from(pairs.keys());
  return {
    pairs,
    table,
    train: rows.subarray(0, split.train.length),
    validation: rows.subarray(split.train.length),
    report: corpus.report,
    notices: noticesOf(corpus.report, table, split.notice),
    fingerprint: fingerprintOf(pairs),
  };
}

function noticesOf({ unrecognised, dropped }: CorpusReport, table: TokenTable, splitNotice?: string): string[] {
  const notices = splitNotice === undefined ? [] : [splitNotice];
  for (const file of unrecognised) notices.push(`${file}: not a kind of file that holds pairs; not read`);
  for (const [reason, { count, examples }] of dropped) notices.push(`${count} pairs dropped, ${reason}: ${examples.join(', ')}`);
  const cut: [string, number][] = [
    ['English, by the teacher', table.teacherEn.cut],
    ['English, by the student', table.studentEn.cut],
    ['Korean, by the student', table.studentKo.cut],
  ];
  for (const [what, count] of cut) {
    if (count > 0) notices.push(`${count} texts (${what}'s tokenizer) are longer than ${table.rowLength} tokens and cut there`);
  }
  return notices;
}

function fingerprintOf(pairs: readonly Pair[]): string {
  const hash = createHash('sha256');
  for (const { ko, en } of pairs) hash.update(JSON.stringify([ko, en]));
  return hash.digest('hex');
}
