/** @file The lines of a text. */
import { UnreadableFileError } from '../unreadable-file.js';
import { withLineFeeds } from './line-breaks.js';
import { countLineBreaks } from './utf8.js';

/** The longest line in bytes, unless a caller allows more, so that a file without line breaks does not fill memory. */
export const MAX_LINE_BYTES = 1 << 20;

const LINE_FEED = 0x0a;

/** A line, or nothing where it is too long; its text is not kept. */
export type BoundedLine = string | undefined;

/**
 * Reads the lines of a text in UTF-8, in chunks, without their line breaks (`\n`, `\r\n`, or `\r` if that ends all
 * lines). An empty last line does not count. Throws an `UnreadableFileError` that calls the file `name` for a line that
 * is longer than `most` bytes.
 */
export async function* linesOf(
  pieces: AsyncIterable<Buffer>,
  name: string,
  most = MAX_LINE_BYTES,
): AsyncGenerator<string[]> {
  let count = 0;
  for await (const lines of boundedLinesOf(pieces, most)) {
    const tooLong = lines.indexOf(undefined);
    if (tooLong !== -1) {
      const reason = tooLongReason('line', most, 'end lines with a line break');
      throw new UnreadableFileError(name, reason, `line ${count + tooLong + 1}`);
    }
    count += lines.length;
    yield lines as string[];
  }
}

/** Reads lines as `linesOf` does, with nothing in place of a line that is longer than `most` bytes. */
export async function* boundedLinesOf(
  pieces: AsyncIterable<Buffer>,
  most = MAX_LINE_BYTES,
): AsyncGenerator<BoundedLine[]> {
  let rest: Buffer[] = [];
  let restBytes = 0;
  let isTooLong = false; // whether the end of a line that is too long has not been reached
  for await (const whole of withLineFeeds(pieces)) {
    const start = isTooLong ? whole.indexOf(LINE_FEED) + 1 : 0;
    if (isTooLong && start === 0) continue;
    isTooLong = false;
    const piece = whole.subarray(start);
    if (restBytes === 0 && isBlank(piece)) {
      yield new Array<string>(countLineBreaks(piece)).fill('');
      continue;
    }
    const end = piece.lastIndexOf(LINE_FEED);
    if (end !== -1) {
      const text = Buffer.concat([...rest, piece.subarray(0, end)]);
      const lines = text.toString('utf8').split('\n');
      const bounded =
        text.length <= most ? lines : lines.map((line) => (Buffer.byteLength(line) > most ? undefined : line));
      yield bounded.map((line) => (line?.endsWith('\r') === true ? line.slice(0, -1) : line));
      [rest, restBytes] = [[], 0];
    }
    rest.push(piece.subarray(end + 1));
    restBytes += piece.length - end - 1;
    if (restBytes <= most) continue;
    [rest, restBytes, isTooLong] = [[], 0, true];
    yield [undefined];
  }
  const last = Buffer.concat(rest).toString('utf8');
  if (last !== '') yield [last];
}

/** What was expected and found where a row or a line is longer than `most` bytes, and what to do. */
export function tooLongReason(what: 'row' | 'line', most: number, remedy = 'shorten it'): string {
  return `expected a ${what} of at most ${most >> 20} MiB, got a longer one; ${remedy}`;
}

/** Whether bytes are only blank lines. Makes reading hundreds of millions of them take seconds, not minutes. */
function isBlank(bytes: Buffer): boolean {
  if (bytes.at(-1) !== 10) return false;
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] !== 10 && !(bytes[at] === 13 && bytes[at + 1] === 10)) return false;
  }
  return true;
}
