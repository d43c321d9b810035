import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';

const STDERR = 2;

/**
 * Runs `work` with the process's standard error pointed at nothing. TensorFlow writes two lines about itself there
 * whenever it is loaded, at every log level, and past Node's streams; errors are thrown, not written. Where standard
 * error cannot be reopened as it was (a socket; a file whose write position others may share, unless it is appended
 * to), `work` simply runs. Synchronous, so nothing else of this process is silenced.
 */
export function withMutedStderr<T>(work: () => T): T {
  if ((isFile(STDERR) && !isAppended(STDERR)) || !isRead(STDERR)) return work();
  let original: number;
  try {
    original = openSync(`/proc/self/fd/${STDERR}`, 'a');
  } catch {
    return work();
  }
  try {
    replaceStderr('/dev/null');
    return work();
  } finally {
    if (isRead(original)) replaceStderr(`/proc/self/fd/${original}`); // else nobody misses it
    closeSync(original);
  }
}

/**
 * Whether a descriptor is a file's. Asked for with large integers, because Node's `realpathSync` looks at what its last
 * `stat` with small ones was of: after one of a pipe it follows no links, and a package in a linked folder is not
 * found.
 */
function isFile(descriptor: number): boolean {
  return fstatSync(descriptor, { bigint: true }).isFile();
}

/** Whether every write goes to where the file ends then: after `2>>`, but not after `2>`. */
function isAppended(descriptor: number): boolean {
  try {
    const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8'))?.[1];
    return (parseInt(flags ?? '0', 8) & constants.O_APPEND) !== 0;
  } catch {
    return false;
  }
}

/**
 * Whether what a descriptor writes to can be opened again: of a pipe that nobody reads, that would wait for a reader.
 */
function isRead(descriptor: number): boolean {
  try {
    closeSync(openSync(`/proc/self/fd/${descriptor}`, constants.O_WRONLY | constants.O_APPEND | constants.O_NONBLOCK));
    return true;
  } catch {
    return false;
  }
}

/** The lowest free descriptor is the one that opening takes. */
function replaceStderr(path: string): void {
  closeSync(STDERR);
  const opened = openSync(path, 'a');
  if (opened !== STDERR) throw new Error(`standard error was reopened as descriptor ${opened}`);
}
