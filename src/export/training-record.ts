/** @file Reads how a run's student was trained from the run's folder. */
import { basename } from 'node:path';
import { checkpointStep } from '../runs/checkpoint-names.js';
import { followValidationLog, type ValidationRow } from '../runs/log-reader.js';
import { readRunConfig, type RunConfig } from '../runs/run-config.js';
import { isStepName } from '../runs/run-names.js';

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
  const name = basename(checkpoint);
  const { rows } = await followValidationLog(run).next();
  return {
    run: basename(run),
    step: isStepName(name) ? checkpointStep(name) : undefined,
    config: await readRunConfig(run),
    validations: rows,
  };
}
