import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { InputError, messageOf } from '../base/errors.js';
import { countLineBreaks, findInvalidByte, lengthOfWholeCharacters } from './readers/utf8.js';

const BYTE_ORDER_MARK = '\ufeff';

/** The bytes of a file, in chunks. Throws an `InputError` if it cannot be read. */
export async function* readBytes(file: string): AsyncGenerator<Buffer> {
  try {
    yield* createReadStream(file, { highWaterMark: 1 << 18 }) as AsyncIterable<Buffer>;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    const found = code === 'ENOENT' ? 'there is none' : messageOf(error);
    throw new InputError(`${file}: expected a file that can be read, but ${found}; check the path`);
  }
}

/**
 * Passes UTF-8 on in chunks of whole characters, without a byte order mark. Throws an `InputError` that names the line
 * and the byte where the text is not UTF-8.
 */
export async function* utf8Chunks(bytes: AsyncIterable<Buffer>, file: string): AsyncGenerator<string> {
  let rest: Buffer = Buffer.alloc(0);
  let line = 1;
  let isStart = true;
  for await (const piece of bytes) {
    const joined = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    const whole = joined.subarray(0, lengthOfWholeCharacters(joined));
    if (!isUtf8(whole)) throw notUtf8(whole, line, file);
    rest = joined.subarray(whole.length);
    line += countLineBreaks(whole);
    const text = whole.toString('utf8');
    yield isStart && text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
    if (whole.length > 0) isStart = false;
  }
  if (rest.length > 0) throw notUtf8(rest, line, file);
}

/** The lines of a text, without their line breaks (`\n` or `\r\n`); an empty last line does not count. */
export async function* linesOf(chunks: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop()!;
    for (const line of lines) yield line.endsWith('\r') ? line.slice(0, -1) : line;
  }
  if (rest !== '') yield rest;
}

function notUtf8(bytes: Buffer, firstLine: number, file: string): InputError {
  const { line, byte } = findInvalidByte(bytes, firstLine);
  return new InputError(`${file} line ${line}: expected UTF-8 text, got the byte ${byte}; save the file as UTF-8`);
}
