/** @file Reads how a run's student was trained from the run's folder. */
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { readRunConfig, type RunConfig } from '../runs/run-config.js';

/** A row of a run's `validation.csv`. */
export interface ValidationLine {
  readonly step: number;
  readonly epoch: number;
  readonly loss: number;
  readonly lossEn: number;
  readonly lossKo: number;
  /** The number of pairs; undefined in lines that earlier versions wrote. */
  readonly pairs: number | undefined;
}

/** A run's record of its training. */
export interface TrainingRecord {
  /** The run's name. */
  readonly run: string;
  /** The exported checkpoint's step. */
  readonly step: number | undefined;
  readonly config: RunConfig;
  readonly validations: readonly ValidationLine[];
}

/**
 * Reads a run's configuration and validation losses.
 *
 * @param checkpoint the folder of the checkpoint
 */
export async function readTrainingRecord(run: string, checkpoint: string): Promise<TrainingRecord> {
  const step = /^step-(\d+)$/.exec(basename(checkpoint))?.[1];
  const csv = await readFile(join(run, 'validation.csv'), 'utf8').catch(() => '');
  return {
    run: basename(run),
    step: step === undefined ? undefined : Number(step),
    config: await readRunConfig(run),
    validations: parseValidations(csv),
  };
}

function parseValidations(csv: string): ValidationLine[] {
  const [header = '', ...lines] = csv.trim().split('\n');
  const columns = header.split(',');
  const rows = lines.map((line) => {
    const cells = line.split(',').map(Number);
    const value = (name: string): number => cells[columns.indexOf(name)]!;
    return {
      step: value('step'),
      epoch: value('epoch'),
      loss: value('loss'),
      lossEn: value('loss_en'),
      lossKo: value('loss_ko'),
      pairs: value('pairs') || undefined,
    };
  });
  return rows.filter(({ step }) => Number.isSafeInteger(step)); // skip broken lines
}
