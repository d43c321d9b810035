import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from './errors.mjs';

/** @import { Server } from 'node:net' */

const RETRY_MS = 200;

/**
 * Runs `work` while no other process of this machine holds the lock on `folder`, which must exist.
 *
 * The lock is an abstract Unix socket: a name in the kernel, held by one process at a time and released when it dies,
 * however it dies, so that no stale lock is ever left. `work` gets the socket's file descriptor: a child process that
 * inherits it keeps the lock for as long as it lives, even after its parent was killed. Only Linux has such sockets;
 * elsewhere `work` runs unlocked.
 *
 * @template T
 * @param {string} folder
 * @param {() => void} onWait called once if somebody else has the lock
 * @param {(lock?: number) => Promise<T>} work
 */
export async function withLock(folder, onWait, work) {
  if (process.platform !== 'linux') return work();
  const name = `\0kd-setup-${createHash('sha256').update(realpathSync(folder)).digest('hex').slice(0, 32)}`;
  let server = await listen(name);
  if (server === undefined) onWait();
  while (server === undefined) {
    await sleep(RETRY_MS);
    server = await listen(name);
  }
  try {
    // Node has no documented way to get a socket's descriptor.
    return await work(/** @type {Server & { _handle?: { fd: number } }} */ (server)._handle?.fd);
  } finally {
    server.close();
  }
}

/**
 * A server that owns `name`, or undefined if another process does.
 *
 * @param {string} name
 * @returns {Promise<Server | undefined>}
 */
function listen(name) {
  return new Promise((resolve, reject) => {
    const server = createServer((connection) => connection.destroy());
    server.once('error', (error) => (codeOf(error) === 'EADDRINUSE' ? resolve(undefined) : reject(error)));
    server.listen(name, () => resolve(server));
  });
}
