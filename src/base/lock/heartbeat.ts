/** @file Signs of life: a claim is renewed while its maker lives, for machines that cannot ask the maker's kernel. */
import { Worker } from 'node:worker_threads';

/** How often a claim is renewed, and after how long without it counts as dead, in milliseconds. */
export interface HeartbeatTimes {
  readonly every: number;
  readonly limit: number;
}

/** What is usual. */
export const TIMES: HeartbeatTimes = { every: 10_000, limit: 15 * 60_000 };

/** Renews a claim from a thread of its own: a step may keep this one busy for minutes. */
const HEARTBEAT = `
const { workerData: { path, every } } = require('node:worker_threads');
const { closeSync, openSync, writeSync } = require('node:fs');
setInterval(() => {
  try {
    const file = openSync(path, 'r+'); // never makes it anew
    try {
      writeSync(file, '{', 0); // what is there; the time is then the file system's own
    } finally {
      closeSync(file);
    }
  } catch {} // tried again next time
}, every);
`;

/** Renews the claim at a path until it is terminated; does not keep the process alive. */
export function startHeartbeat(path: string, every: number): Worker {
  const worker = new Worker(HEARTBEAT, {
    eval: true,
    execArgv: [],
    workerData: { path, every },
    resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 },
  });
  worker.unref();
  worker.on('error', () => undefined);
  return worker;
}
