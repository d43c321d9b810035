/** @file The error when no row is usable: the reasons, with counts. */
import { InputError } from '../../base/errors.js';
import { DROP_REASONS, type DropReason } from './drop-reasons.js';
import type { Collected } from './collect.js';
import type { RowCounts } from './report.js';

/** What to do if all rows are dropped for the same reason. */
const REMEDIES: Readonly<Record<DropReason, string>> = {
  unreadable: 'save the file again',
  repeated_header: 'add rows with both texts',
  empty: 'add rows with both texts',
  identical: 'add rows with a translation',
  no_hangul: 'name the Korean column with --ko-column',
  duplicate_pair: 'add rows with both texts',
  duplicate_ko: 'add rows with both texts',
  duplicate_en: 'add rows with both texts',
  too_long: 'cut long texts with --long truncate',
};

/** The error if no pair is left for training. */
export function nothingLeft(paths: readonly string[], { read, dropped }: RowCounts): InputError {
  if (read === 0) return refusal(paths, 'none', REMEDIES.empty);
  const reasons = Object.keys(DROP_REASONS).filter(
    (reason) => dropped[reason as DropReason] !== undefined,
  ) as DropReason[];
  const remedy = reasons.length === 1 ? REMEDIES[reasons[0]!] : REMEDIES.empty;
  return refusal(paths, `${read} rows of which none is of use (${listOf(reasons, dropped)})`, remedy);
}

/** The error if every pair is swapped in the columns that the user named. */
export function wrongWayRound(paths: readonly string[], collected: readonly Collected[], reversed: number): InputError {
  const dropped: Partial<Record<DropReason, number>> = { no_hangul: reversed };
  for (const [reason, tally] of collected.flatMap((part) => Object.entries(part.dropped))) {
    const count = tally.counts.reduce((sum, rows) => sum + rows, 0);
    dropped[reason as DropReason] = (dropped[reason as DropReason] ?? 0) + count;
  }
  const reasons = (Object.keys(DROP_REASONS) as DropReason[]).filter((reason) => dropped[reason] !== undefined);
  const read = reasons.reduce((sum, reason) => sum + dropped[reason]!, 0);
  const found =
    `${read} rows of which none is of use (${listOf(reasons, dropped)}): the columns seem to be the ` +
    'wrong way round';
  return refusal(paths, found, 'swap --ko-column and --en-column');
}

function listOf(reasons: readonly DropReason[], dropped: RowCounts['dropped']): string {
  return reasons.map((reason) => `${dropped[reason]!} ${DROP_REASONS[reason]}`).join(', ');
}

function refusal(paths: readonly string[], found: string, remedy: string): InputError {
  return new InputError(`${paths.join(', ')}: expected pairs of texts, got ${found}; ${remedy}`);
}
