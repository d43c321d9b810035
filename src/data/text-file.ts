import { isAscii, isUtf8 } from 'node:buffer';
import { InputError } from '../base/errors.js';
import { formatCount } from '../base/format.js';
import { inputChunks, inputName, type InputLimit } from '../base/input-file.js';
import { sevenBitFault } from './readers/seven-bit-encodings.js';
import { countLineBreaks, findInvalidByte, lengthOfWholeCharacters } from './readers/utf8.js';

const BYTE_ORDER_MARK = '\ufeff';

/**
 * Decodes UTF-8 in chunks of whole characters, without a byte order mark. Throws an `InputError` with the line and the
 * byte if the text is not UTF-8, or contains a zero byte, as other encodings and files that are not text do, and for an
 * encoding that writes other scripts in ASCII.
 */
export async function* utf8Chunks(bytes: AsyncIterable<Buffer>, file: string): AsyncGenerator<string> {
  let rest: Buffer = Buffer.alloc(0);
  let line = 1;
  let isStart = true;
  for await (const piece of bytes) {
    const joined = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    const whole = joined.subarray(0, lengthOfWholeCharacters(joined));
    if (!isUtf8(whole)) throw notUtf8(whole, line, file);
    if (whole.includes(0)) throw notText(line + countLineBreaks(whole.subarray(0, whole.indexOf(0))), '0x00', file);
    if (isAscii(whole)) refuseSevenBit(whole, line, isStart, file);
    rest = joined.subarray(whole.length);
    line += countLineBreaks(whole);
    const text = whole.toString('utf8');
    yield isStart && text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
    if (whole.length > 0) isStart = false;
  }
  if (rest.length > 0) throw notUtf8(rest, line, file);
}

/**
 * Reads the text of a UTF-8 file, without a byte order mark.
 *
 * @throws InputError if it cannot be read, is over the limit or is not UTF-8 (with the line)
 */
export async function readText(path: string, limit: InputLimit): Promise<string> {
  let text = '';
  for await (const piece of utf8Chunks(inputChunks(path, limit), inputName(path))) text += piece;
  return text;
}

/** The longest line in characters, so that a file without line breaks does not fill memory. */
const LONGEST_LINE = 2 ** 20;

/**
 * Splits a text into lines, without their line breaks (`\n` or `\r\n`); an empty last line does not count. Throws an
 * `InputError` with the line number if a line is over 2^20 characters long.
 */
export async function* linesOf(chunks: AsyncIterable<string>, file: string): AsyncGenerator<string> {
  let rest = '';
  let count = 0;
  const checked = (line: string): string => {
    if (line.length <= LONGEST_LINE) return line;
    throw new InputError(
      `${file} line ${count + 1}: expected a line of at most ${formatCount(LONGEST_LINE)} characters, got a longer ` +
        'one; end lines with a line break',
    );
  };
  for await (const chunk of chunks) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop()!;
    for (const line of lines) {
      yield checked(line.endsWith('\r') ? line.slice(0, -1) : line);
      count++;
    }
    checked(rest);
  }
  if (rest !== '') yield rest;
}

function refuseSevenBit(ascii: Buffer, firstLine: number, isStart: boolean, file: string): void {
  const fault = sevenBitFault(ascii, isStart, firstLine);
  if (fault !== undefined) throw new InputError(`${file} line ${fault.line}: expected UTF-8 text, got ${fault.found}`);
}

function notUtf8(bytes: Buffer, firstLine: number, file: string): InputError {
  const { line, byte } = findInvalidByte(bytes, firstLine);
  return notText(line, byte, file);
}

function notText(line: number, byte: string, file: string): InputError {
  return new InputError(`${file} line ${line}: expected UTF-8 text, got the byte ${byte}; save the file as UTF-8`);
}
