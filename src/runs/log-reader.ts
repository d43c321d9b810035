/** @file Reads a run's logs while they are being written: every complete row once, in order. */
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError, SYSTEM } from '../base/errors.js';
import { fileError, isMissing } from '../base/system-errors.js';
import { openRegularFile } from '../base/regular-file.js';
import { rowParser, stepOf, type LogRow, type RowParser } from './log-row.js';
import { LOSS, LOSS_COLUMNS, SKIPPED, VALIDATION, VALIDATION_COLUMNS } from './loss-log.js';

export type LossRow = LogRow<(typeof LOSS_COLUMNS)[number]>;
export type ValidationRow = LogRow<(typeof VALIDATION_COLUMNS)[number]>;

/** The rows added since the last read. */
export interface LogNews<Row> {
  readonly rows: readonly Row[];
  /** Whether earlier rows no longer count: the log was rewritten, or the run went back to an earlier step. */
  readonly restarted: boolean;
}

/** A log that may still grow. */
export interface LogFollower<Row> {
  /**
   * The rows written since the last call; the first call returns all. After `restarted`, they are all that count. A
   * missing file has no rows. A line without an end is not read yet; a broken line is counted and skipped.
   *
   * @throws InputError if the system refuses, or if it is not a file
   */
  next(): Promise<LogNews<Row>>;
  /** How many lines could not be read so far. */
  readonly skipped: number;
}

/** Follows `loss.csv` of a run. */
export function followLossLog(run: string): LogFollower<LossRow> {
  return followCsv(join(run, LOSS), LOSS_COLUMNS);
}

/** Follows `validation.csv` of a run. */
export function followValidationLog(run: string): LogFollower<ValidationRow> {
  return followCsv(join(run, VALIDATION), VALIDATION_COLUMNS);
}

/** Follows `skipped.csv` of a run, which exists once a step has been skipped. */
export function followSkippedSteps(run: string): LogFollower<LogRow<'step'>> {
  return followCsv(join(run, SKIPPED), ['step']);
}

/**
 * The step of the last row in a run's `loss.csv`, 0 without one. Only the end of a long log is read.
 *
 * @throws InputError if the system refuses, or if it is not a file
 */
export async function lastLoggedStep(run: string): Promise<number> {
  const path = join(run, LOSS);
  const file = await openIfThere(path);
  if (file === undefined) return 0;
  try {
    const { size } = await file.stat();
    const [head, end] = [await textAt(file, 0), await textAt(file, Math.max(size - READ_AT_END, 0))];
    const parse = rowParser(head.slice(0, head.indexOf('\n')), LOSS_COLUMNS);
    const lines = end.split('\n').slice(1, -1); // the first may have lost its beginning, the last its end
    const last = lines.map((line) => parse(line)).findLast((row) => row !== undefined);
    if (last !== undefined) return last.step;
  } catch (error) {
    throw fileError(path, 'cannot be read', error);
  } finally {
    await file.close();
  }
  return (await followLossLog(run).next()).rows.at(-1)?.step ?? 0;
}

/** How much of a log's end is read for its last row, in bytes: many rows, in case the last ones are damaged. */
const READ_AT_END = 4096;

/** The next `READ_AT_END` bytes of a file as text. */
async function textAt(file: FileHandle, at: number): Promise<string> {
  const bytes = Buffer.alloc(READ_AT_END);
  const { bytesRead } = await file.read(bytes, 0, bytes.length, at);
  return bytes.toString('utf8', 0, bytesRead);
}

/** How many bytes before the read position must be unchanged for the rest to count as a continuation. */
const REMEMBERED = 64;

const LINE_END = 0x0a;

/** Follows a CSV file of numbers with a header, whose rows have increasing `step`. */
function followCsv<Column extends string>(path: string, columns: readonly Column[]): LogFollower<LogRow<Column>> {
  let at = 0; // bytes read, always ending at a line break
  let before = Buffer.alloc(0);
  let parse: RowParser<Column> | undefined;
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
        if (added.wentBack) return { rows: [...known], restarted: true };
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
    [at, before, parse, known, skipped] = [0, Buffer.alloc(0), undefined, [], 0];
    return { rows: [], restarted };
  }

  /** The complete lines after `at`. */
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

  /** Adds lines. If a step repeats, the old rows from that step on were discarded by the run. */
  function take(lines: readonly string[]): { rows: LogRow<Column>[]; wentBack: boolean } {
    const from = known.length;
    let first = from;
    for (const line of lines) {
      if (parse === undefined) {
        parse = rowParser(line, columns);
        continue;
      }
      const row = parse(line);
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

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return (await openRegularFile(path)).handle;
  } catch (error) {
    if (isMissing(error)) return undefined;
    if (error instanceof InputError && error.code !== SYSTEM) error.add('move it away');
    throw error;
  }
}

/** Whether a file contains these bytes at an offset. */
async function holds(file: FileHandle, bytes: Buffer, at: number): Promise<boolean> {
  const found = Buffer.alloc(bytes.length);
  const { bytesRead } = await file.read(found, 0, found.length, at);
  return bytesRead === bytes.length && found.equals(bytes);
}
