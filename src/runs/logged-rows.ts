/** @file How many rows a run's logs have, to notice when rows that were written are missing. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatCount } from '../base/format.js';
import { isMissing } from '../base/system-errors.js';

/** The number of rows of each log, by its file name. */
export type LoggedRows = Readonly<Record<string, number>>;

/** Counts the complete rows of a run's logs, without headers. A missing file has none. */
export function countRows(run: string, logs: readonly string[]): Record<string, number> {
  return Object.fromEntries(logs.map((name) => [name, rowsIn(join(run, name))]));
}

/**
 * The differences between the rows that logs should have and those that they have, each in a few words.
 *
 * @param expected may name other logs, which are not compared
 */
export function rowDifferences(expected: LoggedRows, found: LoggedRows): string[] {
  return Object.entries(expected)
    .filter(([name, rows]) => Object.hasOwn(found, name) && found[name] !== rows)
    .map(([name, rows]) => `${name} (expected ${formatCount(rows)} rows, found ${formatCount(found[name]!)})`);
}

function rowsIn(path: string): number {
  try {
    const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
    return lines.filter((line) => /^(\{"step":)?\d/.test(line)).length;
  } catch (error) {
    if (isMissing(error)) return 0;
    throw error;
  }
}
