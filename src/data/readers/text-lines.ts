/** @file The lines of a text. */
import { UnreadableFileError } from '../unreadable-file.js';
import { withLineFeeds } from './line-breaks.js';
import { countLineBreaks } from './utf8.js';

/** The longest line in bytes, unless a caller allows more, so that a file without line breaks does not fill memory. */
const MAX_LINE_BYTES = 1 << 20;

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
  let rest: Buffer[] = [];
  let restBytes = 0;
  let count = 0;
  for await (const piece of withLineFeeds(pieces)) {
    if (restBytes === 0 && isBlank(piece)) {
      const lines = new Array<string>(countLineBreaks(piece)).fill('');
      count += lines.length;
      yield lines;
      continue;
    }
    const end = piece.lastIndexOf(10);
    if (end === -1) {
      rest.push(piece);
      restBytes += piece.length;
      if (restBytes > most) throw tooLongLine(name, count + 1, most);
      continue;
    }
    const text = Buffer.concat([...rest, piece.subarray(0, end)]).toString('utf8');
    const lines = text.split('\n').map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
    count += lines.length;
    yield lines;
    rest = [piece.subarray(end + 1)];
    restBytes = rest[0]!.length;
  }
  const last = Buffer.concat(rest).toString('utf8');
  if (last !== '') yield [last];
}

/** Whether bytes are only blank lines. Makes reading hundreds of millions of them take seconds, not minutes. */
function isBlank(bytes: Buffer): boolean {
  if (bytes.at(-1) !== 10) return false;
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] !== 10 && !(bytes[at] === 13 && bytes[at + 1] === 10)) return false;
  }
  return true;
}

function tooLongLine(name: string, line: number, most: number): UnreadableFileError {
  const reason = `expected a line of at most ${most >> 20} MiB, got a longer one; end lines with a line break`;
  return new UnreadableFileError(name, reason, `line ${line}`);
}
