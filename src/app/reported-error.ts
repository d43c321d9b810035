/** @file Errors that a command reports itself, as it ends before they could be thrown to where others are reported. */
import { errorText } from '../base/colour.js';
import type { InputError } from '../base/errors.js';
import type { Reporter } from './reporter.js';

/** An error's code and message. */
type Reported = Pick<InputError, 'code' | 'message'>;

/** Reports what ended a command and loses something, if something does: an error, with `--quiet`, too. */
export function reportError(error: Reported | undefined, reporter: Pick<Reporter, 'event'>): void {
  if (error === undefined) return;
  const { code, message } = error;
  reporter.event({ event: 'error', code, message });
  process.stderr.write(errorText(`error: ${message}\n`));
}

/** Reports what ended a command without a loss: a warning. */
export function reportEnd({ code, message }: Reported, reporter: Pick<Reporter, 'warn' | 'event'>): void {
  reporter.warn(message);
  reporter.event({ event: 'error', code, message });
}
