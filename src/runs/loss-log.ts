/**
 * @file The logs of a run, a line a logged step, each line in the file before the next step begins:
 * `loss.csv`, `loss.jsonl`, `validation.csv`, `outputs.csv`, and TensorBoard's event file.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { OutputsRecord, StepRecord, ValidationRecord } from '../distill/records.js';
import type { TrainState } from '../distill/train-state.js';
import { readIfThere, writeFileAtomic } from '../base/files.js';
import { keepLines, openLines, type LineFile } from './line-file.js';
import { keepEvents, openEventFile } from './tensorboard.js';

/** A logged step: its losses, and the rate of training since the line before. */
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

/** The logs of a run but for TensorBoard's, as their files are called. */
export const LOG_FILES = [LOSS, LOSS_LINES, VALIDATION, OUTPUTS] as const;

export interface LossLog {
  logStep(record: LoggedStep): void;
  logValidation(record: ValidationRecord): void;
  logOutputs(record: OutputsRecord): void;
  /** Brings all to the disk, so that after a power cut no log ends before a checkpoint. */
  sync(): void;
  close(): void;
}

/** A line of a log, by its columns. */
type Row<Column extends string> = Readonly<Partial<Record<Column, number>>> & { readonly step: number };

/** A step as the logs and `--json` name its values. */
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

/** A validation as the logs and `--json` name its values; without pairs where an earlier version has not saved them. */
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

/** A look at the outputs as the logs and `--json` name its values. */
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
  return {
    logStep(record) {
      const row = stepRow(record);
      csv.row(row);
      jsonl.line(JSON.stringify(row));
      events.scalars(row.step, scalarsOf('train', row));
    },
    logValidation(record) {
      const row = validationRow(record);
      validation.row(row);
      events.scalars(row.step, scalarsOf('validation', row));
    },
    logOutputs(record) {
      const row = outputsRow(record);
      outputs.row(row);
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
 * Cuts the logs of a run back to the step it resumes from; later steps will be logged again. A table of an earlier
 * version gets the columns that are new since, empty in the lines that are there; one that has lost its header, without
 * which no line can be read, gets that.
 */
export async function cutLogs(run: string, { step, validated }: Pick<TrainState, 'step' | 'validated'>): Promise<void> {
  const upTo =
    (last: number) =>
    (line: string): boolean =>
      !(Number(line.split(',')[0]) > last); // a header is no number
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

/** Gives a table its header where its first line is one of numbers. */
async function restoreHeader(path: string, columns: readonly string[]): Promise<void> {
  const text = (await readIfThere(path)) ?? '';
  if (/^\d+,/.test(text)) await writeFileAtomic(path, `${columns.join(',')}\n${text}`);
}

/** Gives a table that has the first of these columns the others, too. */
async function addColumns(path: string, columns: readonly string[]): Promise<void> {
  const [header, ...lines] = ((await readIfThere(path)) ?? '').split('\n');
  const found = header!.split(',');
  if (header === '' || found.length >= columns.length || found.some((name, i) => name !== columns[i])) return;
  const empty = ','.repeat(columns.length - found.length);
  const widened = lines.map((line) => (line === '' ? '' : line + empty));
  await writeFileAtomic(path, [columns.join(','), ...widened].join('\n'));
}

/** `train/loss`, … of a row; TensorBoard has the step beside every value. */
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
