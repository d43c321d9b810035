/**
 * @file The jobs of a worker: reading sources into its own spill file, measuring rows, or encoding them into shards.
 */
import { join } from 'node:path';
import { collect, type Collected, type CollectJob } from './collect.js';
import { encode, type Encoded, type EncodeJob } from './encode.js';
import { measure, type Measured, type MeasureJob } from './measure.js';
import type { RowTokenizers } from './row-encoder.js';
import { SpillWriter } from './spill-writer.js';

export type Job = CollectJob | MeasureJob | EncodeJob;

/** The result of a job. */
export type Result<J extends Job> = J extends CollectJob ? Collected : J extends MeasureJob ? Measured : Encoded;

/**
 * The progress of a job: the number of rows done since the last call and, while collecting, their source and whether it
 * is finished.
 */
export type OnRows = (rows: number, source?: number, isEnd?: boolean) => void;

/** Runs jobs, in this thread or in others. */
export interface JobRunner {
  run<J extends Job>(job: J, onRows: OnRows): Promise<Result<J>>;
  /** Stops current work and closes files. */
  close(): Promise<void>;
}

/** Runs jobs one after another in this thread. */
export function jobRunner(
  spillFolder: string,
  name: string,
  seed: number | undefined,
  loadRowTokenizers: () => Promise<RowTokenizers>,
): JobRunner {
  let spill: SpillWriter | undefined;
  let tokenizers: Promise<RowTokenizers> | undefined;
  const runJob = async (job: Job, onRows: OnRows): Promise<Collected | Measured | Encoded> => {
    if (job.kind === 'measure') return measure(job, await (tokenizers ??= loadRowTokenizers()));
    if (job.kind === 'encode') return encode(job, await (tokenizers ??= loadRowTokenizers()), onRows);
    spill ??= new SpillWriter(join(spillFolder, `rows-${name}`), seed);
    return collect(job, spill, onRows);
  };
  return {
    run: <J extends Job>(job: J, onRows: OnRows) => runJob(job, onRows) as Promise<Result<J>>,
    close() {
      spill?.close();
      return Promise.resolve();
    },
  };
}
