/**
 * @file Heartbeats: a process renews its claim while it is alive, for other machines that share the folder but not the
 * kernel.
 */
import { Worker } from 'node:worker_threads';

/** How often a claim is renewed, and after how long without renewal it counts as dead, in milliseconds. */
export interface HeartbeatTimes {
  readonly every: number;
  readonly limit: number;
}

/** The default times. */
export const TIMES: HeartbeatTimes = { every: 10_000, limit: 15 * 60_000 };

/** Renews a claim from a separate thread, as a training step may block this one for minutes. */
const HEARTBEAT = `
const { workerData: { path, every } } = require('node:worker_threads');
const { closeSync, openSync, writeSync } = require('node:fs');
setInterval(() => {
  try {
    const file = openSync(path, 'r+'); // never creates it
    try {
      writeSync(file, '{', 0); // rewrites the first byte; the file system's clock sets the time
    } finally {
      closeSync(file);
    }
  } catch {} // tries again next time
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
