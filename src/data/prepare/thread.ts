/** @file What a worker thread starts with. */
import { fileURLToPath } from 'node:url';
import { workerData } from 'node:worker_threads';
import { requireModule } from '../../base/require-module.js';
import type { WorkerSetup } from './worker-message.js';

// A thread that is ended while `import` opens its many files side by side leaves them open.
const { tokenizerModule } = workerData as WorkerSetup;
for (const module of [tokenizerModule, new URL('./worker.js', import.meta.url).href])
  requireModule(fileURLToPath(module));
await import('./worker.js');
