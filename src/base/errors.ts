/** The `code` of an `InputError` without a code of its own. */
const INPUT = 'INPUT';

/** The `code` where the operating system refused: no such file, no permission, no space. */
export const SYSTEM = 'SYSTEM';

/**
 * Something the user gave is not what was expected. The message is one line in the form
 * `where: expected this, got that; what to do`. It is shown without a stack, and the exit code is 1.
 * Every other error is a bug: exit code 2, with its stack.
 *
 * Errors are told apart by `code` or class, never by their message.
 */
export class InputError extends Error {
  override readonly name = 'InputError';
  /** The kind of error, for programs: `NOT_SAVED`. An error whose cause is an `InputError` has its code. */
  readonly code: string;

  constructor(message: string, options: ErrorOptions & { readonly code?: string } = {}) {
    // it may quote a file
    super(printable(shortened(message)), 'cause' in options ? { cause: options.cause } : undefined);
    this.code = options.code ?? (options.cause instanceof InputError ? options.cause.code : INPUT);
  }

  /** Adds to the message, after a semicolon. The error stays the same object, as callers may catch it by its class. */
  add(text: string): this {
    this.message = `${this.message}; ${printable(text)}`;
    return this;
  }
}

/** Characters that a terminal acts on, or that other programs take for the end of a line. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

const SHORT_ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * Text from outside made safe to show on one line: control characters, marks that change the direction of writing, and
 * lone surrogates become escapes, such as `\u001b`.
 */
export function printable(text: string): string {
  return text.replace(
    UNPRINTABLE,
    (character) => SHORT_ESCAPES[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Characters of a message that are shown, from its beginning and from its end, where the remedy stands. */
const SHOWN = { first: 1500, last: 500 };

/** A message, without its middle where it quotes too much of a file to be read. */
function shortened(message: string): string {
  const cut = message.length - SHOWN.first - SHOWN.last;
  if (cut <= 0) return message;
  return `${message.slice(0, SHOWN.first)} … (${cut} characters) … ${message.slice(-SHOWN.last)}`;
}

/** The message of any thrown value, on one line. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/\s*\n\s*/g, ' ').trim();
}
