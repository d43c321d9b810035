/** @file Reads a run's logs while it writes them: what is whole, in order, once. */
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError, SYSTEM } from '../base/errors.js';
import { fileError, isMissing } from '../base/files.js';
import { openRegularFile } from '../base/regular-file.js';
import { LOSS_COLUMNS, VALIDATION_COLUMNS } from './loss-log.js';

/** A line of a log: NaN for what is no number, or a column that the file lacks. */
export type LogRow<Column extends string> = Readonly<Record<Column, number>>;
export type LossRow = LogRow<(typeof LOSS_COLUMNS)[number]>;
export type ValidationRow = LogRow<(typeof VALIDATION_COLUMNS)[number]>;

/** The rows added since the last read. */
export interface LogNews<Row> {
  readonly rows: readonly Row[];
  /**
   * Whether rows that were given before no longer count: the log was written anew, or the run went back to an earlier
   * step.
   */
  readonly restarted: boolean;
}

/** A log that may grow. */
export interface LogFollower<Row> {
  /**
   * The rows written since the last call; all of them in the first. After `restarted` they are all that count.
   * A file that is not there has no rows; a line without an end is not read yet; a line that is torn is counted and
   * left out.
   *
   * @throws InputError for a file that the system refuses, and for what is no file
   */
  next(): Promise<LogNews<Row>>;
  /** Lines that could not be read so far. */
  readonly skipped: number;
}

/** Follows `loss.csv` of a run. */
export function followLossLog(run: string): LogFollower<LossRow> {
  return followCsv(join(run, 'loss.csv'), LOSS_COLUMNS);
}

/** Follows `validation.csv` of a run. */
export function followValidationLog(run: string): LogFollower<ValidationRow> {
  return followCsv(join(run, 'validation.csv'), VALIDATION_COLUMNS);
}

/** Bytes before the place read up to that must be as they were, for what comes after to be its continuation. */
const REMEMBERED = 64;

const LINE_END = 0x0a;

/** Follows a file of numbers with a header, in rows by rising `step`. */
function followCsv<Column extends string>(path: string, columns: readonly Column[]): LogFollower<LogRow<Column>> {
  let at = 0; // bytes read, up to the end of a line
  let before = Buffer.alloc(0);
  let header: string[] | undefined;
  let known: LogRow<Column>[] = [];
  let skipped = 0;

  return {
    get skipped() {
      return skipped;
    },
    async next() {
      const file = await openIfThere(path);
      if (file === undefined) return forget();
      try {
        const isContinued = await holds(file, before, at - before.length);
        const restarted = isContinued ? false : forget().restarted;
        const added = take(await readLines(file));
        if (added.wentBack) return { rows: known, restarted: true };
        return { rows: added.rows, restarted };
      } catch (error) {
        throw fileError(path, 'cannot be read', error);
      } finally {
        await file.close();
      }
    },
  };

  function forget(): LogNews<LogRow<Column>> {
    const restarted = known.length > 0;
    [at, before, header, known, skipped] = [0, Buffer.alloc(0), undefined, [], 0];
    return { rows: [], restarted };
  }

  /** The whole lines after `at`. */
  async function readLines(file: FileHandle): Promise<string[]> {
    const { size } = await file.stat();
    const bytes = Buffer.alloc(Math.max(size - at, 0));
    const { bytesRead } = await file.read(bytes, 0, bytes.length, at);
    const end = bytes.subarray(0, bytesRead).lastIndexOf(LINE_END) + 1;
    if (end === 0) return [];
    before = Buffer.concat([before, bytes.subarray(Math.max(end - REMEMBERED, 0), end)]).subarray(-REMEMBERED);
    at += end;
    return bytes.toString('utf8', 0, end - 1).split('\n');
  }

  /** Adds lines to what is known. Where a step comes again, the rows from there on were of a run that was given up. */
  function take(lines: readonly string[]): { rows: LogRow<Column>[]; wentBack: boolean } {
    const from = known.length;
    let first = from;
    for (const line of lines) {
      if (header === undefined) {
        header = line.split(',');
        continue;
      }
      const row = parseRow(line, header, columns);
      if (row === undefined) skipped++;
      else {
        while (known.length > 0 && stepOf(known.at(-1)!) >= stepOf(row)) known.pop();
        first = Math.min(first, known.length);
        known.push(row);
      }
    }
    return { rows: known.slice(from), wentBack: first < from };
  }
}

const stepOf = (row: object): number => (row as { readonly step: number }).step;

/** A row of numbers; undefined for one with too few or too many, or without a step. */
function parseRow<Column extends string>(
  line: string,
  header: readonly string[],
  columns: readonly Column[],
): LogRow<Column> | undefined {
  const cells = line.split(',');
  const row = Object.fromEntries(
    columns.map((column) => [column, numberIn(cells[header.indexOf(column)])]),
  ) as LogRow<Column>;
  return cells.length === header.length && Number.isSafeInteger(stepOf(row)) ? row : undefined;
}

function numberIn(cell: string | undefined): number {
  return cell === undefined || cell.trim() === '' ? NaN : Number(cell);
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return (await openRegularFile(path)).handle;
  } catch (error) {
    if (isMissing(error)) return undefined;
    if (error instanceof InputError && error.code !== SYSTEM) error.add('move it away');
    throw error;
  }
}

/** Whether a file has these bytes at a place. */
async function holds(file: FileHandle, bytes: Buffer, at: number): Promise<boolean> {
  const found = Buffer.alloc(bytes.length);
  const { bytesRead } = await file.read(found, 0, found.length, at);
  return bytesRead === bytes.length && found.equals(bytes);
}
