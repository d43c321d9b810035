/** @file Texts as they are stored: UTF-8, or code page 949, in which Korean Windows and its Excel save. */
import { isAscii, isUtf8 } from 'node:buffer';
import iconv from 'iconv-lite';
import { InputError } from '../../errors.js';
import { countLineBreaks, findInvalidByte, lengthOfWholeCharacters, REPLACEMENT } from './utf8.js';

const BYTE_ORDER_MARK = Buffer.from('\ufeff');
const HANGUL = /[\uac00-\ud7a3]/;

/** The encoding is told by so many bytes from the first one on that is beyond ASCII. */
const SAMPLE_BYTES = 1 << 16;

/**
 * Passes a text on in UTF-8, without a byte order mark. What it is stored in shows in the first bytes beyond ASCII:
 * UTF-8 if they are valid, else code page 949 if they are that and give Hangul. Throws an `InputError` that names the
 * first other byte. Bytes that turn out invalid later become U+FFFD where the text is decoded.
 */
export async function* utf8Pieces(pieces: AsyncIterable<Buffer>, name: string): AsyncGenerator<Buffer> {
  let head: Buffer | undefined = Buffer.alloc(0); // kept until the encoding is known
  const before = { bytes: 0, lines: 0 };
  let decode = (piece: Buffer): Buffer => piece;
  for await (const piece of pieces) {
    if (head === undefined) {
      yield decode(piece);
    } else if (head.length === 0 && isAscii(piece)) {
      before.bytes += piece.length;
      before.lines += countLineBreaks(piece);
      yield piece;
    } else {
      head = Buffer.concat([head, piece]);
      if (head.length < SAMPLE_BYTES) continue;
      decode = decoderFor(head, before, name);
      yield decode(head);
      head = undefined;
    }
  }
  if (head !== undefined) yield decoderFor(head, before, name)(head);
}

/** A whole text, as a string. Throws an `InputError` where it is neither UTF-8 nor code page 949. */
export function decodeText(bytes: Buffer, name: string): string {
  return decoderFor(bytes, { bytes: 0, lines: 0 }, name)(bytes).toString('utf8');
}

/** The text of bytes in code page 949 that hold Hangul; `undefined` where they are something else. */
export function decodeCp949(bytes: Buffer): string | undefined {
  const text = iconv.decode(bytes, 'cp949');
  return HANGUL.test(text) && !text.includes(REPLACEMENT) ? text : undefined;
}

/** The most bytes a line may have, so that memory holds a line and not a file without line ends. */
const MAX_LINE_BYTES = 1 << 20;

/**
 * The lines of a text in UTF-8, piece by piece, without their ends (`\n` or `\r\n`); an empty last line is none. Throws
 * an `InputError`, called by `name`, for a line over 1 MiB that goes on.
 */
export async function* linesOf(pieces: AsyncIterable<Buffer>, name: string): AsyncGenerator<string[]> {
  let rest: Buffer[] = [];
  let restBytes = 0;
  let count = 0;
  for await (const piece of pieces) {
    const end = piece.lastIndexOf(10);
    if (end === -1) {
      rest.push(piece);
      restBytes += piece.length;
      if (restBytes > MAX_LINE_BYTES) throw new InputError(`${name} line ${count + 1}: expected a line of at most 1 MiB, got a longer one; end lines with a line break`);
      continue;
    }
    const text = Buffer.concat([...rest, piece.subarray(0, end)]).toString('utf8');
    const lines = text.split('\n').map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
    count += lines.length;
    yield lines;
    rest = [piece.subarray(end + 1)];
    restBytes = rest[0].length;
  }
  const last = Buffer.concat(rest).toString('utf8');
  if (last !== '') yield [last];
}

function decoderFor(head: Buffer, before: { bytes: number; lines: number }, name: string): (piece: Buffer) => Buffer {
  const sample = head.subarray(0, head.findIndex((byte) => byte > 0x7f) + SAMPLE_BYTES);
  if (isUtf8(sample.subarray(0, lengthOfWholeCharacters(sample)))) {
    let isStart = before.bytes === 0;
    return (piece) => {
      const hasMark = isStart && piece.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK);
      isStart = false;
      return hasMark ? piece.subarray(BYTE_ORDER_MARK.length) : piece;
    };
  }
  const text = iconv.getDecoder('cp949').write(sample); // leaves out a character that is cut off at the end
  if (!HANGUL.test(text) || text.includes(REPLACEMENT)) throw notText(sample, before.lines, name);
  const decoder = iconv.getDecoder('cp949');
  return (piece) => Buffer.from(decoder.write(piece));
}

function notText(bytes: Buffer, linesBefore: number, name: string): InputError {
  const { line, byte } = findInvalidByte(bytes, linesBefore + 1);
  return new InputError(`${name} line ${line}: expected text in UTF-8 or code page 949, got the byte ${byte}; save the file as UTF-8`);
}
