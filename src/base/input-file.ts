/**
 * @file Input that is read sequentially, once: a file, or a pipe, such as `<(…)` in a shell, a named pipe, or standard
 * input.
 */
import { closeSync, constants, createReadStream, fstatSync, openSync, readSync } from 'node:fs';
import { Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { atPlace } from './absolute-path.js';
import { InputError, SYSTEM } from './errors.js';
import { systemReason } from './system-errors.js';
import { formatCount } from './format.js';
import { kindOf } from './regular-file.js';

/** Standard input as a path. */
export const STANDARD_INPUT = '/dev/stdin';

/** What a path is called in messages. */
export function inputName(path: string): string {
  return path === STANDARD_INPUT ? 'standard input' : path;
}

/** A limit on the size of an input. */
export interface InputLimit {
  /** In bytes. */
  readonly most: number;
  /** What to do about a larger one, for the message. */
  readonly remedy: string;
}

/**
 * Reads an input in chunks.
 *
 * @throws InputError if it cannot be read, is a folder or a device, is larger than the limit, or is a named pipe that
 *   nothing writes to
 */
export async function* inputChunks(path: string, { most, remedy }: InputLimit): AsyncGenerator<Buffer> {
  const name = inputName(path);
  const check = (size: number, found = formatCount(size)): void => {
    if (size > most)
      throw new InputError(`${name}: expected at most ${formatCount(most)} bytes, found ${found}; ${remedy}`);
  };
  let done = 0;
  try {
    for await (const chunk of await openInput(path, check)) {
      done += chunk.length;
      check(done, 'more');
      yield chunk;
    }
  } catch (error) {
    throw inputError(name, error);
  }
}

/**
 * Reads a whole input.
 *
 * @throws InputError as `inputChunks`
 */
export async function readInput(path: string, limit: InputLimit): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of inputChunks(path, limit)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Bytes read at a time. */
const CHUNK = 1 << 18;

/** Opens an input. Checks its size if that is known before reading. */
async function openInput(path: string, checkSize: (size: number) => void): Promise<AsyncIterable<Buffer>> {
  if (path === STANDARD_INPUT) return process.stdin as AsyncIterable<Buffer>;
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK); // a pipe would block
  try {
    const stats = fstatSync(fd);
    if (stats.isFIFO()) return pipeChunks(fd, await firstOfPipe(fd, path));
    if (!stats.isFile()) throw notAFile(path, kindOf(stats));
    checkSize(stats.size);
    return createReadStream(path, { fd, highWaterMark: CHUNK }) as AsyncIterable<Buffer>;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** How long to wait for a named pipe's writer, and how often to look for one, in milliseconds. */
const LONGEST_WAIT = 5000;
const LOOK_EVERY = 50;

/**
 * Waits until something has opened a pipe for writing.
 *
 * @returns the first bytes; none if the writer has not written any yet
 */
async function firstOfPipe(fd: number, path: string): Promise<Buffer> {
  const bytes = Buffer.alloc(CHUNK);
  const end = performance.now() + LONGEST_WAIT;
  while (performance.now() < end) {
    try {
      const count = readSync(fd, bytes);
      if (count > 0) return bytes.subarray(0, count);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      return bytes.subarray(0, 0); // there is a writer, but no data yet
    }
    await setTimeout(LOOK_EVERY);
  }
  throw new InputError(
    `${path}: expected a file, or a pipe that something writes to, found a named pipe that nothing opened for ` +
      `writing in ${LONGEST_WAIT / 1000} seconds; start the writer first, or give a file`,
  );
}

async function* pipeChunks(fd: number, first: Buffer): AsyncGenerator<Buffer> {
  const socket = new Socket({ fd, readable: true, writable: false });
  try {
    if (first.length > 0) yield first;
    yield* socket as AsyncIterable<Buffer>;
  } finally {
    socket.destroy();
  }
}

function notAFile(name: string, found: string): InputError {
  return new InputError(`${name}: expected a file that can be read, found ${found}; check the path`);
}

/** Words an operating system error for the user; returns any other error as it is. */
function inputError(name: string, error: unknown): unknown {
  const reason = systemReason(error);
  if (reason === undefined) return error;
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EISDIR') return notAFile(name, 'a folder');
  if (code === 'ENXIO') return notAFile(name, 'a socket or a device');
  const why = code === 'ENOENT' ? `there is none${atPlace(name)}` : reason;
  return new InputError(`${name}: expected a file that can be read, but ${why}; check the path`, {
    cause: error,
    code: SYSTEM,
  });
}
