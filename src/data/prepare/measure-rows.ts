/** @file Measures rows with a pool of workers, before duplicates are removed. */
import type { Rows } from './rows.js';
import type { WorkerPool } from './workers.js';
import type { MeasureJob } from './measure.js';

/** Measures the rows marked by 1. Marks those that are too long likewise, and adds up their lengths. */
export async function measureRows(
  { count, runs, runStarts }: Rows,
  wanted: Uint8Array,
  pool: WorkerPool,
): Promise<{ tooLong: Uint8Array; lengths: (readonly Uint32Array[])[] }> {
  const tooLong = new Uint8Array(count);
  const jobs = runs.map(({ file, rowStarts, byteStarts }, run): MeasureJob => {
    const marks = wanted.slice(runStarts[run], runStarts[run + 1]);
    return { kind: 'measure', run: { file, rowStarts, byteStarts }, wanted: marks };
  });
  const measured = await pool.runAll(jobs, () => undefined);
  measured.forEach(({ tooLong: rows }, run) => {
    for (const row of rows) tooLong[runStarts[run]! + row] = 1;
  });
  return { tooLong, lengths: measured.map(({ lengths }) => lengths) };
}
