/** @file What happens when nobody reads standard output or standard error any more. */
import { closeSync, openSync } from 'node:fs';
import { isatty } from 'node:tty';
import { errorText } from '../base/colour.js';
import { printable } from '../base/errors.js';
import { systemReason } from '../base/files.js';
import { EXIT } from './failure.js';

/** Commands whose result is in files: they go on without a reader. The others end, as `kd eval | head` should. */
const WRITE_FILES: ReadonlySet<string> = new Set(['prepare', 'train', 'encode', 'export', 'generate', 'report']);

/** What the system says of a reader that went away, or a terminal that was closed. */
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

/**
 * Listens for what cannot be written. Messages may be lost. So may everything that training says: it has its logs. Else
 * a reader that is gone ends the process quietly where what it prints is its point; and output that a full disk does
 * not take is an error.
 *
 * @param commandName of the command that runs; undefined before one does
 */
export function watchStandardStreams(commandName: () => string | undefined): void {
  process.stderr.on('error', () => undefined);
  leaveLostTerminals();
  let isFailed = false;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    const command = commandName() ?? '';
    if (command === 'train' || isFailed) return;
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
 * At its end Node gives terminals back their settings, and aborts where that fails, as it does with one that was hung
 * up (`ResetStdio` in node.cc); a descriptor that leads elsewhere by then it leaves alone.
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
