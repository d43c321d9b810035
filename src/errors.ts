/**
 * Something the user gave is not what was expected. The message is one line in the form
 * `where: expected this, got that; what to do`. It is shown without a stack, and the exit code is 1.
 * Every other error is a bug: exit code 2, with its stack.
 */
export class InputError extends Error {
  override readonly name = 'InputError';
}

/** The message of whatever was thrown, on one line. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/\s*\n\s*/g, ' ').trim();
}
