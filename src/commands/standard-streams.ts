/** @file What happens when standard output or standard error is closed. */
import { closeSync, openSync } from 'node:fs';
import { isatty } from 'node:tty';
import { errorText } from '../base/colour.js';
import { printable } from '../base/errors.js';
import { systemReason } from '../base/system-errors.js';
import { EXIT } from './failure.js';

/** Commands that write files go on without a reader. The others exit, as `kd eval | head` should. */
const WRITE_FILES: ReadonlySet<string> = new Set(['prepare', 'encode', 'export', 'generate', 'report']);

/** Error codes of a reader that went away, or a closed terminal. */
const GONE: ReadonlySet<string> = new Set([
  'EPIPE',
  'EIO',
  'ENXIO',
  'EBADF',
  'ECONNRESET',
  'ENOTCONN',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_WRITE_AFTER_END',
]);

/** What is running. */
export interface Running {
  /** The name of the command; undefined before one runs. */
  readonly command: string | undefined;
  /** Whether it trains a run, rather than try it or print its settings. */
  readonly trains: boolean;
}

/**
 * Handles write errors of the standard streams. Messages may be lost, and so may everything that training prints, since
 * it writes logs. Commands that only print exit quietly when their reader is gone. A full disk is an error.
 *
 * @param running returns what is running
 */
export function watchStandardStreams(running: () => Running): void {
  process.stderr.on('error', () => undefined);
  leaveLostTerminals();
  let isFailed = false;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    const { command = '', trains } = running();
    if (trains || isFailed) return;
    const isGone = GONE.has(error.code ?? '');
    if (isGone && WRITE_FILES.has(command)) return;
    if (isGone) process.exit(process.exitCode ?? EXIT.done);
    isFailed = true;
    const reason = systemReason(error) ?? error.message;
    process.stderr.write(errorText(`error: standard output: cannot be written: ${printable(reason)}\n`));
    process.once('exit', (code) => {
      if (code === EXIT.done) process.exitCode = EXIT.input;
    });
  });
}

/**
 * Closes terminals that hung up. At exit, Node restores every terminal's settings and aborts if that fails
 * (`ResetStdio` in node.cc); it skips a descriptor that no longer refers to the same file.
 */
function leaveLostTerminals(): void {
  const terminals = [0, 1, 2].filter((descriptor) => isatty(descriptor));
  process.once('exit', () => {
    for (const descriptor of terminals.filter((each) => !isatty(each))) {
      closeSync(descriptor);
      openSync('/dev/null', 'r+'); // takes the lowest free descriptor: this one
    }
  });
}
