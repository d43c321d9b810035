import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from './errors.mjs';

/** @import { Server } from 'node:net' */

const RETRY_MS = 200;
const ANSWER_MS = 1000;

/**
 * Runs `work` while no other process of this machine holds the lock on `folder`, which must exist.
 *
 * The lock is an abstract Unix socket: a name in the kernel, held by one process at a time and released when it dies,
 * however it dies, so that no stale lock is ever left. `work` gets the socket's file descriptor: a child process that
 * inherits it keeps the lock for as long as it lives (`run` has it killed with its parent). Only Linux has such
 * sockets; elsewhere `work` runs unlocked.
 *
 * @template T
 * @param {string} folder
 * @param {(who: string) => () => void} onWait called once if somebody else has the lock: `another set-up (process
 *   4711)`; what it returns is called when the wait is over
 * @param {(lock?: number) => Promise<T>} work
 */
export async function withLock(folder, onWait, work) {
  if (process.platform !== 'linux') return work();
  const name = `\0kd-setup-${createHash('sha256').update(realpathSync(folder)).digest('hex').slice(0, 32)}`;
  let server = await listen(name);
  const onEnd = server === undefined ? onWait(await holderOf(name)) : undefined;
  while (server === undefined) {
    await sleep(RETRY_MS);
    server = await listen(name);
  }
  onEnd?.();
  try {
    // Node has no documented way to get a socket's descriptor.
    return await work(/** @type {Server & { _handle?: { fd: number } }} */ (server)._handle?.fd);
  } finally {
    server.close();
  }
}

/**
 * Who holds the lock: its server answers with its process id, unless it is busy.
 *
 * @param {string} name
 * @returns {Promise<string>}
 */
function holderOf(name) {
  return new Promise((resolve) => {
    let id = '';
    const connection = connect(name).setEncoding('utf8').setTimeout(ANSWER_MS);
    connection.on('data', (text) => (id += text));
    connection.on('error', () => connection.destroy());
    connection.once('timeout', () => connection.destroy());
    connection.once('close', () => resolve(/^\d+$/.test(id) ? `another set-up (process ${id})` : 'another set-up'));
  });
}

/**
 * A server that owns `name`, or undefined if another process does.
 *
 * @param {string} name
 * @returns {Promise<Server | undefined>}
 */
function listen(name) {
  return new Promise((resolve, reject) => {
    const server = createServer((connection) => {
      connection.on('error', () => connection.destroy());
      connection.unref().end(String(process.pid));
    });
    server.once('error', (error) => (codeOf(error) === 'EADDRINUSE' ? resolve(undefined) : reject(error)));
    server.listen(name, () => resolve(server));
  });
}
