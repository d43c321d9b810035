/**
 * @file The logs of a run, a line a logged step, each line in the file before the next step begins:
 * `loss.csv`, `loss.jsonl`, `validation.csv`, and TensorBoard's event file.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { StepRecord, ValidationRecord } from '../distill/train.js';
import { openEventFile } from './tensorboard.js';

/** A logged step: what the step said, and how fast training was since the line before. */
export interface LoggedStep extends StepRecord {
  readonly pairsPerSecond: number;
}

export const LOSS_COLUMNS = ['step', 'epoch', 'learning_rate', 'loss', 'loss_en', 'loss_ko', 'grad_norm', 'pairs_per_second'] as const;
export const VALIDATION_COLUMNS = ['step', 'epoch', 'loss', 'loss_en', 'loss_ko'] as const;

export interface LossLog {
  logStep(record: LoggedStep): void;
  logValidation(record: ValidationRecord): void;
  close(): void;
}

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

/** A validation as the logs and `--json` name its values. */
export function validationRow(record: ValidationRecord): Record<(typeof VALIDATION_COLUMNS)[number], number> {
  return { step: record.step, epoch: record.epoch, loss: record.loss, loss_en: record.lossEn, loss_ko: record.lossKo };
}

/** Opens the logs of a new run. */
export function openLossLog(run: string): LossLog {
  const csv = openLines(join(run, 'loss.csv'));
  const jsonl = openLines(join(run, 'loss.jsonl'));
  const validation = openLines(join(run, 'validation.csv'));
  const events = openEventFile(run);
  csv.line(LOSS_COLUMNS.join(','));
  validation.line(VALIDATION_COLUMNS.join(','));
  return {
    logStep(record) {
      const row = stepRow(record);
      csv.line(LOSS_COLUMNS.map((column) => row[column]).join(','));
      jsonl.line(JSON.stringify(row));
      events.scalars(row.step, scalarsOf('train', row));
    },
    logValidation(record) {
      const row = validationRow(record);
      validation.line(VALIDATION_COLUMNS.map((column) => row[column]).join(','));
      events.scalars(row.step, scalarsOf('validation', row));
    },
    close() {
      for (const file of [csv, jsonl, validation, events]) file.close();
    },
  };
}

/** `train/loss`, … of a row; TensorBoard has the step beside every value. */
function scalarsOf(group: string, row: Record<string, number>): Record<string, number> {
  const columns = Object.entries(row).filter(([name]) => name !== 'step' && name !== 'epoch');
  return Object.fromEntries(columns.map(([name, value]) => [`${group}/${name}`, value]));
}

/** A text file that grows by whole lines: one write each, so that a killed process leaves no torn line. */
function openLines(path: string): { line(text: string): void; close(): void } {
  const file = openSync(path, 'a');
  return {
    line: (text) => { writeSync(file, `${text}\n`); },
    close: () => { closeSync(file); },
  };
}
