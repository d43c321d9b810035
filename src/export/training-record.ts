/** @file Reads how a run's student was trained from the run's folder. */
import { basename } from 'node:path';
import { followValidationLog, type ValidationRow } from '../runs/log-reader.js';
import { readRunConfig, type RunConfig } from '../runs/run-config.js';

/** A run's record of its training. */
export interface TrainingRecord {
  /** The run's name. */
  readonly run: string;
  /** The exported checkpoint's step. */
  readonly step: number | undefined;
  readonly config: RunConfig;
  /** The rows of `validation.csv`, in order. */
  readonly validations: readonly ValidationRow[];
}

/**
 * Reads a run's configuration and validation losses.
 *
 * @param run the folder of the run
 * @param checkpoint the folder of the checkpoint
 * @throws InputError if either cannot be read
 */
export async function readTrainingRecord(run: string, checkpoint: string): Promise<TrainingRecord> {
  const step = /^step-(\d+)$/.exec(basename(checkpoint))?.[1];
  const { rows } = await followValidationLog(run).next();
  return {
    run: basename(run),
    step: step === undefined ? undefined : Number(step),
    config: await readRunConfig(run),
    validations: rows,
  };
}
