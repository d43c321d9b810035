/** @file A worker thread: receives jobs as messages, one at a time, and answers with their results. */
import { parentPort, workerData } from 'node:worker_threads';
import { InputError } from '../../base/errors.js';
import { jobRunner, type Job } from './jobs.js';
import type { RowTokenizers } from './row-encoder.js';
import type { WorkerSetup, WorkerMessage } from './worker-message.js';

const { spillFolder, name, seed, tokenizerModule, tokenizerFolders } = workerData as WorkerSetup;
const say = (message: WorkerMessage, transfer: ArrayBuffer[] = []): void => {
  parentPort!.postMessage(message, transfer);
};

const runner = jobRunner(spillFolder, name, seed, async () => {
  const { loadRowTokenizers } = (await import(tokenizerModule)) as {
    loadRowTokenizers: (folders: unknown) => Promise<RowTokenizers>;
  };
  return loadRowTokenizers(tokenizerFolders);
});

parentPort!.on('message', (job: Job) => {
  runner
    .run(job, (rows, source, isEnd) => {
      say({ kind: 'rows', rows, source, isEnd });
    })
    .then(
      (result) => {
        say({ kind: 'done', result }, buffersIn(result));
      },
      (error: unknown) => {
        const { message, stack } = error instanceof Error ? error : new Error(String(error));
        say({ kind: 'failed', message, stack, ...(error instanceof InputError ? { code: error.code } : {}) });
      },
    );
});

/** The memory behind all arrays in a result: transferred, not copied. */
function buffersIn(value: unknown): ArrayBuffer[] {
  if (ArrayBuffer.isView(value)) return [value.buffer as ArrayBuffer];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(buffersIn) : [];
}
