/**
 * @file The logs of a run: `loss.csv`, `loss.jsonl`, `validation.csv`, `outputs.csv`, and TensorBoard's event file.
 * Each logged step is a line, written to the file before the next step begins.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { OutputsRecord, StepRecord, ValidationRecord } from '../distill/records.js';
import type { TrainState } from '../distill/train-state.js';
import { readIfThere, writeFileAtomic } from '../base/files.js';
import { keepLines, openLines, type LineFile } from './line-file.js';
import { countRows, type LoggedRows } from './logged-rows.js';
import { keepEvents, openEventFile } from './tensorboard.js';

/** A logged step: its losses, and the training rate since the previous line. */
export interface LoggedStep extends StepRecord {
  readonly pairsPerSecond: number;
}

export const LOSS_COLUMNS = [
  'step',
  'epoch',
  'learning_rate',
  'loss',
  'loss_en',
  'loss_ko',
  'grad_norm',
  'pairs_per_second',
] as const;
export const VALIDATION_COLUMNS = ['step', 'epoch', 'loss', 'loss_en', 'loss_ko', 'pairs'] as const;
export const OUTPUTS_COLUMNS = [
  'step',
  'epoch',
  'student_variance',
  'teacher_variance',
  'student_similarity',
  'teacher_similarity',
] as const;

const [LOSS, LOSS_LINES, VALIDATION, OUTPUTS] = ['loss.csv', 'loss.jsonl', 'validation.csv', 'outputs.csv'] as const;

/** The file names of a run's logs, except TensorBoard's. */
export const LOG_FILES = [LOSS, LOSS_LINES, VALIDATION, OUTPUTS] as const;

export interface LossLog {
  /** How many rows each text log has, those that wait for space included. */
  rows(): LoggedRows;
  logStep(record: LoggedStep): void;
  logValidation(record: ValidationRecord): void;
  logOutputs(record: OutputsRecord): void;
  /** Flushes everything to disk, so that after a power cut no log ends before a checkpoint. */
  sync(): void;
  close(): void;
}

/** A line of a log, keyed by column. */
type Row<Column extends string> = Readonly<Partial<Record<Column, number>>> & { readonly step: number };

/** A step's values, named as in the logs and `--json`. */
export function stepRow(record: LoggedStep): Record<(typeof LOSS_COLUMNS)[number], number> {
  return {
    step: record.step,
    epoch: record.epoch,
    learning_rate: record.learningRate,
    loss: record.loss,
    loss_en: record.lossEn,
    loss_ko: record.lossKo,
    grad_norm: record.gradNorm,
    pairs_per_second: Number(record.pairsPerSecond.toPrecision(6)),
  };
}

/** A validation's values, named as in the logs and `--json`; without pairs if an earlier version did not save them. */
export function validationRow({
  step,
  epoch,
  loss,
  lossEn,
  lossKo,
  pairs,
}: ValidationRecord): Row<(typeof VALIDATION_COLUMNS)[number]> {
  return { step, epoch, loss, loss_en: lossEn, loss_ko: lossKo, ...(pairs === undefined ? {} : { pairs }) };
}

/** The output statistics, named as in the logs and `--json`. */
export function outputsRow({
  step,
  epoch,
  student,
  teacher,
}: OutputsRecord): Record<(typeof OUTPUTS_COLUMNS)[number], number> {
  return {
    step,
    epoch,
    student_variance: student.variance,
    teacher_variance: teacher.variance,
    student_similarity: student.similarity,
    teacher_similarity: teacher.similarity,
  };
}

/** Opens the logs of a new or resumed run for appending. */
export function openLossLog(run: string, from = 0): LossLog {
  const csv = openTable(join(run, LOSS), LOSS_COLUMNS);
  const jsonl = openLines(join(run, LOSS_LINES));
  const validation = openTable(join(run, VALIDATION), VALIDATION_COLUMNS);
  const outputs = openTable(join(run, OUTPUTS), OUTPUTS_COLUMNS);
  const events = openEventFile(run, from);
  const files = [csv, jsonl, validation, outputs, events];
  const rows = countRows(run, LOG_FILES);
  return {
    rows: () => ({ ...rows }),
    logStep(record) {
      const row = stepRow(record);
      csv.row(row);
      jsonl.line(JSON.stringify(row));
      rows[LOSS]!++;
      rows[LOSS_LINES]!++;
      events.scalars(row.step, scalarsOf('train', row));
    },
    logValidation(record) {
      const row = validationRow(record);
      validation.row(row);
      rows[VALIDATION]!++;
      events.scalars(row.step, scalarsOf('validation', row));
    },
    logOutputs(record) {
      const row = outputsRow(record);
      outputs.row(row);
      rows[OUTPUTS]!++;
      events.scalars(row.step, scalarsOf('outputs', row));
    },
    sync() {
      for (const file of files) file.sync();
    },
    close() {
      for (const file of files) file.close();
    },
  };
}

/**
 * Cuts the logs of a run back to the step it resumes from; later steps will be logged again. Tables of an earlier
 * version get the columns that have been added since, empty in existing lines. A table that has lost its header,
 * without which no line can be read, gets it back.
 */
export async function cutLogs(run: string, { step, validated }: Pick<TrainState, 'step' | 'validated'>): Promise<void> {
  const upTo =
    (last: number) =>
    (line: string): boolean =>
      !(Number(line.split(',')[0]) > last); // a header is not a number
  const lastValidation = validated || step === 0 ? step : step - 1;
  await restoreHeader(join(run, LOSS), LOSS_COLUMNS);
  await restoreHeader(join(run, OUTPUTS), OUTPUTS_COLUMNS);
  await restoreHeader(join(run, VALIDATION), VALIDATION_COLUMNS);
  await keepLines(join(run, LOSS), upTo(step));
  await keepLines(join(run, OUTPUTS), upTo(step));
  await addColumns(join(run, VALIDATION), VALIDATION_COLUMNS);
  await keepLines(join(run, VALIDATION), step === 0 ? upTo(-1) : upTo(lastValidation));
  await keepLines(join(run, LOSS_LINES), (line) => Number(/^\{"step":(\d+),/.exec(line)?.[1] ?? Infinity) <= step);
  await keepEvents(
    run,
    (eventStep, tags) => eventStep <= (tags.startsWith('validation/') ? (step === 0 ? -1 : lastValidation) : step),
  );
}

/** Restores a table's header if its first line is numbers. */
async function restoreHeader(path: string, columns: readonly string[]): Promise<void> {
  const text = (await readIfThere(path)) ?? '';
  if (/^\d+,/.test(text)) await writeFileAtomic(path, `${columns.join(',')}\n${text}`);
}

/** Adds the missing columns to a table that has only the first of them. */
async function addColumns(path: string, columns: readonly string[]): Promise<void> {
  const [header, ...lines] = ((await readIfThere(path)) ?? '').split('\n');
  const found = header!.split(',');
  if (header === '' || found.length >= columns.length || found.some((name, i) => name !== columns[i])) return;
  const empty = ','.repeat(columns.length - found.length);
  const widened = lines.map((line) => (line === '' ? '' : line + empty));
  await writeFileAtomic(path, [columns.join(','), ...widened].join('\n'));
}

/** `train/loss` and so on, from a row; TensorBoard stores the step with every value. */
function scalarsOf(group: string, row: Readonly<Record<string, number>>): Record<string, number> {
  const columns = Object.entries(row).filter(([name]) => name !== 'step' && name !== 'epoch');
  return Object.fromEntries(columns.map(([name, value]) => [`${group}/${name}`, value]));
}

interface Table<Column extends string> extends Omit<LineFile, 'line'> {
  row(values: Row<Column>): void;
}

function openTable<Column extends string>(path: string, columns: readonly Column[]): Table<Column> {
  const file = openLines(path);
  if (statSync(path).size === 0) file.line(columns.join(','));
  return {
    ...file,
    row: (values) => {
      file.line(columns.map((column) => values[column] ?? '').join(','));
    },
  };
}
