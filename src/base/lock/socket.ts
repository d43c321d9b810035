/**
 * @file Unix sockets in a folder, as signs of life: the kernel accepts connections for a listening process, however
 * busy it is, and refuses them once it has exited. Sockets named in the file system can be reached from every container
 * that sees the folder.
 */
import { chmodSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { removeIfPossible } from '../exit-removal.js';

/** A socket on which this process listens. */
export interface ListeningSocket {
  close(): void;
}

/** The longest socket path that every system accepts, in bytes. */
const LONGEST_PATH = 100;

/** Errors of file systems without sockets, or for paths that are too long. */
const NO_SOCKETS = [
  'EPERM',
  'EOPNOTSUPP',
  'ENOTSUP',
  'ENOSYS',
  'EINVAL',
  'ENAMETOOLONG',
  'EAFNOSUPPORT',
  'EPROTONOSUPPORT',
];

/**
 * Listens on a new socket.
 *
 * @returns undefined if the file system has no sockets
 */
export async function openSocket(folder: string, name: string): Promise<ListeningSocket | undefined> {
  const server = createServer((connection) => connection.destroy());
  try {
    await throughFolder(folder, name, (path) => {
      return new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(path, resolve);
      });
    });
    chmodSync(join(folder, name), 0o666); // a client needs write permission to connect
  } catch (error) {
    server.close();
    if (NO_SOCKETS.includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
  server.on('error', () => undefined); // a connection that could not be accepted
  server.unref();
  return {
    close() {
      removeIfPossible(join(folder, name));
      server.close();
    },
  };
}

/** Whether a process listens on a socket; `unclear` if the socket is missing or cannot be reached. */
export async function askSocket(folder: string, name: string): Promise<'answers' | 'refuses' | 'unclear'> {
  try {
    return await throughFolder(
      folder,
      name,
      (path) =>
        new Promise((resolve) => {
          const connection = connect(path);
          connection.once('connect', () => {
            connection.destroy();
            resolve('answers');
          });
          connection.once('error', (error: NodeJS.ErrnoException) => {
            // EAGAIN: a process listens, but its queue of connections is full
            const answers: Record<string, 'answers' | 'refuses'> = { EAGAIN: 'answers', ECONNREFUSED: 'refuses' };
            resolve(answers[error.code ?? ''] ?? 'unclear');
          });
        }),
    );
  } catch {
    return 'unclear';
  }
}

/** Calls `use` with the shortest path to a file in a folder, as socket paths are limited to about a hundred bytes. */
async function throughFolder<T>(folder: string, name: string, use: (path: string) => Promise<T>): Promise<T> {
  if (process.platform !== 'linux') {
    const path = join(folder, name);
    if (Buffer.byteLength(path) > LONGEST_PATH)
      throw Object.assign(new Error(`${path} is too long`), { code: 'ENAMETOOLONG' });
    return use(path);
  }
  const handle: FileHandle = await open(folder, 'r');
  try {
    return await use(`/proc/self/fd/${handle.fd}/${name}`);
  } finally {
    await handle.close();
  }
}
