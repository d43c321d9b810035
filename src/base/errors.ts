/** The `code` of an `InputError` without a code of its own. */
const INPUT = 'INPUT';

/** The `code` of an operating system error: no such file, no permission, no space. */
export const SYSTEM = 'SYSTEM';

/**
 * Something the user provided is not what was expected. The message is one line in the form
 * `where: expected this, got that; what to do`. It is shown without a stack, and the exit code is 1.
 * Every other error is a bug: exit code 2, with its stack.
 *
 * Errors are told apart by `code` or class, never by their message.
 */
export class InputError extends Error {
  /** The name of the class. */
  override readonly name: string;
  /** The kind of error, for programs, such as `NOT_SAVED`. Inherited from a cause that is an `InputError`. */
  readonly code: string;

  constructor(message: string, options: ErrorOptions & { readonly code?: string } = {}) {
    // the message may quote a file
    super(printable(shortened(message)), 'cause' in options ? { cause: options.cause } : undefined);
    this.name = new.target.name;
    this.code = options.code ?? (options.cause instanceof InputError ? options.cause.code : INPUT);
  }

  /** Appends to the message, after a semicolon. Returns the same object, since callers may catch it by its class. */
  add(text: string): this {
    this.message = `${this.message}; ${printable(text)}`;
    return this;
  }
}

/** Characters that a terminal interprets, or that other programs treat as the end of a line. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

const SHORT_ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * Makes text from outside safe to show on one line: control characters, bidirectional control characters, and lone
 * surrogates become escapes, such as `\u001b`.
 */
export function printable(text: string): string {
  return text.replace(
    UNPRINTABLE,
    (character) => SHORT_ESCAPES[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Text from outside on several lines, with all else escaped that `printable` escapes. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

/** A value as JSON on one line, with what `printable` escapes as JSON's escapes, so that it can be shown. */
export function printableJson(value: object): string {
  return printable(JSON.stringify(value));
}

/** How many characters of a long message are kept at its beginning, and at its end, where the remedy is. */
const SHOWN = { first: 1500, last: 500 };

/** Drops the middle of a message that quotes too much of a file to be readable. */
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
