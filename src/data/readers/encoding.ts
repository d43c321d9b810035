/**
 * @file The encodings of texts: UTF-8, UTF-16 (Excel's "Unicode Text"), or code page 949, in which Korean Windows and
 * its Excel save.
 */
import { isAscii } from 'node:buffer';
import iconv from 'iconv-lite';
import { UnreadableFileError } from '../unreadable-file.js';
import { sevenBitFault } from './seven-bit-encodings.js';
import {
  cutUnit,
  narrowEncoding,
  SAMPLE_BYTES,
  WIDE_SAMPLE_BYTES,
  wideEncoding,
  type WideEncoding,
} from './text-encodings.js';
import { countLineBreaks, findInvalidByte, lengthOfWholeCharacters, REPLACEMENT } from './utf8.js';

const BYTE_ORDER_MARK = Buffer.from('\ufeff');
const HANGUL = /[\uac00-\ud7a3]/;

/**
 * Converts a text to UTF-8, without a byte order mark. The encoding is recognised by its mark, or by zero bytes at the
 * start (UTF-16), or by the first bytes beyond ASCII: UTF-8 or code page 949, if most of them decode to Hangul there
 * that may be Korean. Otherwise throws an `UnreadableFileError` that names the first such byte, or an encoding that
 * writes Korean in ASCII. Invalid bytes, wherever they are, become U+FFFD when the text is decoded.
 */
export async function* utf8Pieces(pieces: AsyncIterable<Buffer>, name: string): AsyncGenerator<Buffer> {
  const iterator = pieces[Symbol.asyncIterator]();
  let start: Buffer = Buffer.alloc(0);
  let isEnd = false;
  try {
    while (start.length < WIDE_SAMPLE_BYTES && !isEnd) {
      const next = await iterator.next();
      isEnd = next.done === true;
      if (!next.done) start = start.length === 0 ? next.value : Buffer.concat([start, next.value]);
    }
    const wide = wideEncoding(start);
    const rest: AsyncIterable<Buffer> = { [Symbol.asyncIterator]: () => iterator };
    yield* wide === undefined ? narrowPieces(start, rest, name) : widePieces(start, rest, wide);
  } finally {
    await iterator.return?.();
  }
}

async function* widePieces(start: Buffer, rest: AsyncIterable<Buffer>, encoding: WideEncoding): AsyncGenerator<Buffer> {
  const decoder = iconv.getDecoder(encoding); // drops the byte order mark
  let length = 0;
  for await (const piece of chained(start, rest)) {
    length += piece.length;
    yield Buffer.from(decoder.write(piece));
  }
  const end = `${decoder.end() ?? ''}${cutUnit(length, encoding)}`;
  if (end !== '') yield Buffer.from(end);
}

async function* narrowPieces(start: Buffer, rest: AsyncIterable<Buffer>, name: string): AsyncGenerator<Buffer> {
  let head: Buffer | undefined = Buffer.alloc(0); // kept until the encoding is known
  const before = { bytes: 0, lines: 0 };
  let decode = (piece: Buffer): Buffer => piece;
  for await (const piece of chained(start, rest)) {
    if (head === undefined) {
      yield decode(piece);
    } else if (head.length === 0 && isAscii(piece)) {
      refuseSevenBit(piece, before, name);
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

async function* chained(start: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  if (start.length > 0) yield start;
  yield* rest;
}

/** Decodes a whole text. Throws an `UnreadableFileError` if it is in none of the encodings. */
export function decodeText(bytes: Buffer, name: string): string {
  const wide = wideEncoding(bytes);
  if (wide !== undefined) return iconv.decode(bytes, wide) + cutUnit(bytes.length, wide);
  return decoderFor(bytes, { bytes: 0, lines: 0 }, name)(bytes).toString('utf8');
}

/**
 * Decodes the beginning of a text, for recognition. Bytes that are not text become U+FFFD or wrong letters; an
 * incomplete character at the end is dropped.
 */
export function decodeBeginning(bytes: Buffer): { readonly text: string; readonly isText: boolean } {
  const wide = wideEncoding(bytes);
  if (wide !== undefined) return { text: iconv.getDecoder(wide).write(bytes), isText: true };
  try {
    const whole = bytes.subarray(0, lengthOfWholeCharacters(bytes));
    return { text: decoderFor(whole, { bytes: 0, lines: 0 }, '')(whole).toString('utf8'), isText: true };
  } catch (error) {
    if (!(error instanceof UnreadableFileError)) throw error;
    return { text: bytes.toString('latin1'), isText: false };
  }
}

/** Decodes code page 949 that contains Hangul; `undefined` for anything else. */
export function decodeCp949(bytes: Buffer): string | undefined {
  const text = iconv.decode(bytes, 'cp949');
  return HANGUL.test(text) && !text.includes(REPLACEMENT) ? text : undefined;
}

function decoderFor(head: Buffer, before: { bytes: number; lines: number }, name: string): (piece: Buffer) => Buffer {
  if (isAscii(head)) refuseSevenBit(head, before, name);
  const sample = head.subarray(0, head.findIndex((byte) => byte > 0x7f) + SAMPLE_BYTES);
  const encoding = narrowEncoding(sample);
  if (encoding === undefined || encoding === 'foreign') throw notText(sample, before.lines, name, encoding);
  if (encoding === 'utf8') {
    let isStart = before.bytes === 0;
    return (piece) => {
      const hasMark = isStart && piece.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK);
      isStart = false;
      return hasMark ? piece.subarray(BYTE_ORDER_MARK.length) : piece;
    };
  }
  const decoder = iconv.getDecoder('cp949');
  return (piece) => Buffer.from(decoder.write(piece));
}

/** Throws an `UnreadableFileError` for a text that writes other scripts in ASCII, which would be read as nonsense. */
function refuseSevenBit(ascii: Buffer, before: { readonly bytes: number; readonly lines: number }, name: string): void {
  const fault = sevenBitFault(ascii, before.bytes === 0, before.lines + 1);
  if (fault === undefined) return;
  const reason = `expected text in UTF-8 or code page 949, got ${fault.found}`;
  throw new UnreadableFileError(name, reason, `line ${fault.line}`);
}

function notText(bytes: Buffer, linesBefore: number, name: string, encoding?: 'foreign'): UnreadableFileError {
  const { line, byte } = findInvalidByte(bytes, linesBefore + 1);
  const found = encoding === undefined ? `the byte ${byte}` : 'letters of another encoding, such as GBK or Shift JIS';
  const reason = `expected text in UTF-8 or code page 949, got ${found}; save the file as UTF-8`;
  return new UnreadableFileError(name, reason, `line ${line}`);
}
