/** @file What `kd prepare` and `kd train` print about the data: tables and lines. */
import { DROP_REASONS, droppedOf, type DropReason } from '../data/prepare/drop-reasons.js';
import type { PrepareReport, RowCounts, SwappedPairs } from '../data/prepare/report.js';
import type { SkippedFile } from '../data/skipped-file.js';
import type { Cell, Table } from '../evaluate/table.js';
import { textTable } from '../evaluate/table-text.js';
import { ID_COLUMNS } from '../data/store/id-columns.js';
import type { Reporter } from './reporter.js';
import { formatCount, formatCounted } from '../base/format.js';

/** The columns of ids, described for the user. */
const COLUMN_TITLES = {
  teacher_en: "English, by the teacher's tokenizer",
  student_en: "English, by the student's tokenizer",
  student_ko: "Korean, by the student's tokenizer",
} as const satisfies Record<(typeof ID_COLUMNS)[number], string>;

/** How many skipped files to name; a report names all. */
const MAX_SKIPPED = 10;

/** How many files with swapped pairs to name; a report names all. */
const MAX_SWAPPED = 3;

/** The reasons for which rows were dropped, in the order in which they are checked. */
function reasonsOf({ total }: PrepareReport): DropReason[] {
  return (Object.keys(DROP_REASONS) as DropReason[]).filter((reason) => total.dropped[reason] !== undefined);
}

/** Formats pairs by corpus and dropped rows by reason as tables for a terminal of the given width. */
export function reportTables(report: PrepareReport, columns: number): string {
  const tables = [corporaTable(report), ...(reasonsOf(report).length === 0 ? [] : [reasonsTable(report)])];
  return [
    ...tables.map((table) => textTable(table, columns)),
    ...(report.swapped === undefined ? [] : [swappedLine(report.swapped)]),
  ].join('\n\n');
}

function corporaTable({ corpora, total }: PrepareReport): Table {
  const row = (name: string, counts: RowCounts): Cell[] => [
    name,
    counts.read,
    droppedOf(counts),
    counts.not_sampled,
    counts.training,
    counts.validation,
  ];
  const counted = ['rows read', 'dropped', 'not sampled', 'training', 'validation'];
  return {
    title: '',
    columns: [{ title: 'corpus' }, ...counted.map((title) => ({ title, format: formatCount }))],
    rows: [...corpora.map((counts) => row(counts.corpus, counts)), ...(corpora.length > 1 ? [row('all', total)] : [])],
    notes: [],
  };
}

function reasonsTable(report: PrepareReport): Table {
  return {
    title: '',
    columns: [{ title: 'dropped for' }, { title: 'rows', format: formatCount }, { title: 'the first one' }],
    rows: reasonsOf(report).map((reason) => [
      DROP_REASONS[reason],
      report.total.dropped[reason]!,
      report.examples[reason]?.[0] ?? '',
    ]),
    notes: [],
  };
}

/** Reports what was read, and what was left out and why, in a line each. */
export function reportPreparation(report: PrepareReport, reporter: Reporter): void {
  const { total, skipped, cut } = report;
  reporter.message(
    `data: ${formatCounted(total.read, 'row')} in ` +
      report.corpora.map(({ corpus, read }) => `${corpus} (${formatCount(read)})`).join(', '),
  );
  for (const reason of reasonsOf(report)) {
    if (reason === 'unreadable') warnOfUnreadable(report, reporter);
    else reporter.message(dropLine(report, reason));
  }
  if (report.swapped !== undefined) reporter.message(swappedLine(report.swapped));
  for (const column of ID_COLUMNS) {
    if (cut[column] > 0)
      reporter.warn(`${formatCounted(cut[column], 'text')} cut to 77 tokens (${COLUMN_TITLES[column]})`);
  }
  reportSkipped(skipped, reporter);
  reporter.event({ event: 'prepared', ...report, lengths: undefined });
}

/** `swapped Korean and English in 3 pairs: a.json (2), b.json (1)` */
function swappedLine({ pairs, files }: SwappedPairs): string {
  const named = files.slice(0, MAX_SWAPPED).map(({ file, pairs: count }) => `${file} (${formatCount(count)})`);
  const more = files.length > MAX_SWAPPED ? ` and ${formatCounted(files.length - MAX_SWAPPED, 'more file')}` : '';
  return `swapped Korean and English in ${formatCounted(pairs, 'pair')}: ${named.join(', ')}${more}`;
}

/** Warns if more pairs were requested than there are. */
export function warnOfFewer(samples: number | undefined, pairs: number, reporter: Reporter): void {
  if (samples !== undefined && samples > pairs)
    reporter.warn(`--samples ${formatCount(samples)}: there are only ${formatCounted(pairs, 'pair')}`);
}

/** Warns about rows that could not be read, since those are errors in the files. */
export function warnOfUnreadable(report: PrepareReport, reporter: Reporter): void {
  if (report.total.dropped.unreadable !== undefined) reporter.warn(dropLine(report, 'unreadable'));
}

function dropLine({ total, examples }: PrepareReport, reason: DropReason): string {
  const count = total.dropped[reason]!;
  return `${formatCounted(count, 'row')} dropped, ${DROP_REASONS[reason]}: ${examples[reason]?.[0] ?? ''}`;
}

/** Names files that were not read, or the first of them if there are many. */
export function reportSkipped(skipped: readonly SkippedFile[], reporter: Reporter): void {
  for (const { file, why } of skipped.slice(0, MAX_SKIPPED)) reporter.message(`not read: ${file}: ${why}`);
  if (skipped.length > MAX_SKIPPED)
    reporter.message(
      `not read: ${formatCount(skipped.length - MAX_SKIPPED)} more files; report.json of the prepared data names them`,
    );
}
