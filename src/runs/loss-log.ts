/**
 * @file The logs of a run: `loss.csv`, `loss.jsonl`, `validation.csv`, `outputs.csv`, `skipped.csv`, and TensorBoard's
 * event file. Each logged step is a line, written to the file before the next step begins.
 */
import { join } from 'node:path';
import { rangesOf } from '../distill/steps.js';
import type { OutputsRecord, StepRecord, ValidationRecord } from '../distill/records.js';
import type { TrainState } from '../distill/train-state.js';
import { InputError } from '../base/errors.js';
import { keepLines, openLines, type LineFile } from './line-file.js';
import { countRows, type LoggedRows } from './logged-rows.js';
import { addColumns, openTable, restoreHeader, type Row, type Table } from './table-file.js';
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
const OUTPUTS_COLUMNS = [
  'step',
  'epoch',
  'student_variance',
  'teacher_variance',
  'student_similarity',
  'teacher_similarity',
] as const;

/** Not numbers alone: the last column is text, such as `0-31 64-95`. */
const SKIPPED_COLUMNS = ['step', 'epoch', 'learning_rate', 'loss', 'loss_en', 'loss_ko', 'grad_norm', 'rows'] as const;

export const [LOSS, LOSS_LINES, VALIDATION, OUTPUTS, SKIPPED] = [
  'loss.csv',
  'loss.jsonl',
  'validation.csv',
  'outputs.csv',
  'skipped.csv',
] as const;

/** The file names of a run's logs, except TensorBoard's. `skipped.csv` exists once a step has been skipped. */
export const LOG_FILES = [LOSS, LOSS_LINES, VALIDATION, OUTPUTS, SKIPPED] as const;

export interface LossLog {
  /** How many rows each text log has, those that wait for space included. */
  rows(): LoggedRows;
  logStep(record: LoggedStep): void;
  logValidation(record: ValidationRecord): void;
  logOutputs(record: OutputsRecord): void;
  /** @param rows the step's rows of the training data */
  logSkipped(record: StepRecord, rows: readonly number[]): void;
  /**
   * Flushes everything to disk, so that after a power cut no log ends before a checkpoint.
   *
   * @returns why some of it is not on disk yet; undefined if all is
   */
  sync(): string | undefined;
  /** @returns what is lost, and why; undefined if nothing is */
  close(): string | undefined;
}

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
  const files: Omit<LineFile, 'line'>[] = [csv, jsonl, validation, outputs, events];
  let skipped: Table<(typeof SKIPPED_COLUMNS)[number]> | undefined;
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
    logSkipped({ step, epoch, learningRate, loss, lossEn, lossKo, gradNorm }, skippedRows) {
      if (skipped === undefined) {
        skipped = openTable(join(run, SKIPPED), SKIPPED_COLUMNS, 'later'); // the disk may be full
        files.push(skipped);
      }
      skipped.row({
        step,
        epoch,
        learning_rate: learningRate,
        loss,
        loss_en: lossEn,
        loss_ko: lossKo,
        grad_norm: gradNorm,
        rows: rangesOf(skippedRows, { dash: '-', between: ' ' }),
      });
      rows[SKIPPED]!++;
    },
    sync: () =>
      refusalOf(files, (file) => {
        file.sync();
      }),
    close: () =>
      refusalOf(files, (file) => {
        file.close();
      }),
  };
}

/** Does the same with every file; returns the first reason why the system refused, if it did. */
function refusalOf<File>(files: readonly File[], work: (file: File) => void): string | undefined {
  let refusal: string | undefined;
  for (const file of files)
    try {
      work(file);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      refusal ??= error.message;
    }
  return refusal;
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
  await restoreHeader(join(run, SKIPPED), SKIPPED_COLUMNS);
  await keepLines(join(run, LOSS), upTo(step));
  await keepLines(join(run, OUTPUTS), upTo(step));
  await keepLines(join(run, SKIPPED), upTo(step));
  await addColumns(join(run, VALIDATION), VALIDATION_COLUMNS);
  await keepLines(join(run, VALIDATION), step === 0 ? upTo(-1) : upTo(lastValidation));
  await keepLines(join(run, LOSS_LINES), (line) => Number(/^\{"step":(\d+),/.exec(line)?.[1] ?? Infinity) <= step);
  await keepEvents(
    run,
    (eventStep, tags) => eventStep <= (tags.startsWith('validation/') ? (step === 0 ? -1 : lastValidation) : step),
  );
}

/** `train/loss` and so on, from a row; TensorBoard stores the step with every value. */
function scalarsOf(group: string, row: Readonly<Record<string, number>>): Record<string, number> {
  const columns = Object.entries(row).filter(([name]) => name !== 'step' && name !== 'epoch');
  return Object.fromEntries(columns.map(([name, value]) => [`${group}/${name}`, value]));
}
