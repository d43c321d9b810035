/** @file What a worker does: reads sources into a spill file of its own, measures rows, or encodes them into shards. */
import { join } from 'node:path';
import { collect, type Collected, type CollectJob } from './collect.js';
import { encode, type Encoded, type EncodeJob, type RowTokenizers } from './encode.js';
import { measure, type Measured, type MeasureJob } from './measure.js';
import { SpillWriter } from './spill-writer.js';

export type Job = CollectJob | MeasureJob | EncodeJob;

/** What comes of a job. */
export type Result<J extends Job> = J extends CollectJob ? Collected : J extends MeasureJob ? Measured : Encoded;

/** How a job goes on: rows done since the last call; in collecting, of which source, and whether that is its end. */
export type OnRows = (rows: number, source?: number, isEnd?: boolean) => void;

export interface JobRunner {
  run<J extends Job>(job: J, onRows: OnRows): Promise<Result<J>>;
  /** Ends what is under way, and lets go of files. */
  close(): Promise<void>;
}

/** Runs jobs one after the other in this thread. */
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
