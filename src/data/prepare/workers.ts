import { Worker } from 'node:worker_threads';
import { InputError } from '../../base/errors.js';
import type { Job, JobRunner, OnRows, Result } from './jobs.js';
import type { WorkerMessage, WorkerSetup } from './worker-message.js';

/** Several runners, which share jobs. */
export interface WorkerPool {
  /** Runs jobs in order, as many at a time as there are runners. Returns results in the order of the jobs. */
  runAll<J extends Job>(jobs: readonly J[], onRows: OnRows): Promise<Result<J>[]>;
  /** Stops current work. */
  close(): Promise<void>;
}

/** Makes a pool of the given runners. */
export function poolOf(runners: readonly JobRunner[]): WorkerPool {
  return {
    async runAll<J extends Job>(jobs: readonly J[], onRows: OnRows) {
      const results: Result<J>[] = [];
      const waiting = jobs.entries();
      const work = async (runner: JobRunner): Promise<void> => {
        for (const [i, job] of waiting) results[i] = await runner.run(job, onRows);
      };
      await Promise.all(runners.map(work));
      return results;
    },
    async close() {
      await Promise.all(runners.map((runner) => runner.close()));
    },
  };
}

/** Starts a runner in its own thread. After a failed job it must be closed. */
export function workerRunner(setup: WorkerSetup): JobRunner {
  const worker = new Worker(new URL('./thread.js', import.meta.url), { workerData: setup });
  return {
    run: <J extends Job>(job: J, onRows: OnRows) =>
      new Promise<Result<J>>((resolve, reject) => {
        worker.removeAllListeners();
        worker.on('error', reject);
        worker.on('exit', (code) => {
          reject(new Error(`a worker thread ended with code ${code} before its job was done`));
        });
        worker.on('message', (message: WorkerMessage) => {
          if (message.kind === 'rows') onRows(message.rows, message.source, message.isEnd);
          else if (message.kind === 'done') resolve(message.result as Result<J>);
          else reject(asError(message));
        });
        worker.postMessage(job);
      }),
    async close() {
      worker.removeAllListeners();
      await worker.terminate();
    },
  };
}

function asError({ code, message, stack }: WorkerMessage & { kind: 'failed' }): Error {
  if (code !== undefined) return new InputError(message, { code });
  const error = new Error(message);
  if (stack !== undefined) error.stack = stack;
  return error;
}
