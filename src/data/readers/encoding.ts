/**
 * @file The encodings of texts: UTF-8, UTF-16 (Excel's "Unicode Text"), or code page 949, in which Korean Windows and
 * its Excel save.
 */
import { isAscii, isUtf8 } from 'node:buffer';
import iconv from 'iconv-lite';
import { UnreadableFile } from '../unreadable-file.js';
import { withLineFeeds } from './line-breaks.js';
import { countLineBreaks, findInvalidByte, lengthOfWholeCharacters, REPLACEMENT } from './utf8.js';

const BYTE_ORDER_MARK = Buffer.from('\ufeff');
const HANGUL = /[\uac00-\ud7a3]/;
const ALL_HANGUL = /[\uac00-\ud7a3]/g;
const FAULTS = new RegExp(REPLACEMENT, 'g');

/** How many bytes decide the encoding, starting with the first one beyond ASCII. */
const SAMPLE_BYTES = 1 << 16;

/** Byte order marks of encodings other than UTF-8, the longer ones first, as one begins with another. */
const OTHER_MARKS = [
  { mark: Buffer.from([0xff, 0xfe, 0, 0]), encoding: 'utf-32le' },
  { mark: Buffer.from([0, 0, 0xfe, 0xff]), encoding: 'utf-32be' },
  { mark: Buffer.from([0xff, 0xfe]), encoding: 'utf-16le' },
  { mark: Buffer.from([0xfe, 0xff]), encoding: 'utf-16be' },
] as const;

/** How many bytes at the beginning of a text decide whether it is UTF-16 or UTF-32. */
const MARK_BYTES = 4;

/**
 * Converts a text to UTF-8, without a byte order mark. The encoding is recognised by its mark, or by zero bytes at the
 * start (UTF-16), or by the first bytes beyond ASCII: UTF-8 or code page 949, if most of them decode to Hangul there.
 * Otherwise throws an `UnreadableFile` that names the first such byte. Invalid bytes, wherever they are, become U+FFFD
 * when the text is decoded.
 */
export async function* utf8Pieces(pieces: AsyncIterable<Buffer>, name: string): AsyncGenerator<Buffer> {
  const iterator = pieces[Symbol.asyncIterator]();
  let start: Buffer = Buffer.alloc(0);
  let isEnd = false;
  try {
    while (start.length < MARK_BYTES && !isEnd) {
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

/** The UTF-16 or UTF-32 encoding of a text, if it is in one. */
function wideEncoding(start: Buffer): string | undefined {
  const marked = OTHER_MARKS.find(({ mark }) => start.subarray(0, mark.length).equals(mark));
  if (marked !== undefined) return marked.encoding;
  if (start.length < MARK_BYTES) return undefined;
  const zeros = [...start.subarray(0, MARK_BYTES)].map((byte) => Number(byte === 0)).join('');
  return zeros === '0101' ? 'utf-16le' : zeros === '1010' ? 'utf-16be' : undefined;
}

async function* widePieces(start: Buffer, rest: AsyncIterable<Buffer>, encoding: string): AsyncGenerator<Buffer> {
  const decoder = iconv.getDecoder(encoding); // drops the byte order mark
  let length = 0;
  for await (const piece of chained(start, rest)) {
    length += piece.length;
    yield Buffer.from(decoder.write(piece));
  }
  const end = `${decoder.end() ?? ''}${cutUnit(length, encoding)}`;
  if (end !== '') yield Buffer.from(end);
}

/** The replacement for an incomplete character at the end of a text of this length, which the decoder drops. */
function cutUnit(length: number, encoding: string): string {
  return length % (encoding.startsWith('utf-32') ? 4 : 2) === 0 ? '' : REPLACEMENT;
}

async function* narrowPieces(start: Buffer, rest: AsyncIterable<Buffer>, name: string): AsyncGenerator<Buffer> {
  let head: Buffer | undefined = Buffer.alloc(0); // kept until the encoding is known
  const before = { bytes: 0, lines: 0 };
  let decode = (piece: Buffer): Buffer => piece;
  for await (const piece of chained(start, rest)) {
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

async function* chained(start: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  if (start.length > 0) yield start;
  yield* rest;
}

/** Decodes a whole text. Throws an `UnreadableFile` if it is in none of the encodings. */
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
    if (!(error instanceof UnreadableFile)) throw error;
    return { text: bytes.toString('latin1'), isText: false };
  }
}

/** Decodes code page 949 that contains Hangul; `undefined` for anything else. */
export function decodeCp949(bytes: Buffer): string | undefined {
  const text = iconv.decode(bytes, 'cp949');
  return HANGUL.test(text) && !text.includes(REPLACEMENT) ? text : undefined;
}

/** The longest line in bytes, so that a file without line breaks does not fill memory. */
const MAX_LINE_BYTES = 1 << 20;

/**
 * Reads the lines of a text in UTF-8, in chunks, without their line breaks (`\n`, `\r\n`, or `\r` if that ends all
 * lines). An empty last line does not count. Throws an `UnreadableFile` that calls the file `name` for a line over 1
 * MiB.
 */
export async function* linesOf(pieces: AsyncIterable<Buffer>, name: string): AsyncGenerator<string[]> {
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
      if (restBytes > MAX_LINE_BYTES) throw tooLongLine(name, count + 1);
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

function decoderFor(head: Buffer, before: { bytes: number; lines: number }, name: string): (piece: Buffer) => Buffer {
  const sample = head.subarray(0, head.findIndex((byte) => byte > 0x7f) + SAMPLE_BYTES);
  const encoding = narrowEncoding(sample);
  if (encoding === undefined) throw notText(sample, before.lines, name);
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

/** How many characters of Hangul there must be for each invalid byte: nearly any two bytes are valid in the second. */
const HANGUL_PER_FAULT = { utf8: 1, cp949: 10 };

/**
 * The encoding of the beginning of a text. A few invalid bytes do not matter, as they make only their rows unreadable.
 */
function narrowEncoding(sample: Buffer): 'utf8' | 'cp949' | undefined {
  const whole = sample.subarray(0, lengthOfWholeCharacters(sample));
  if (isUtf8(whole) || isLikely(whole.toString('utf8'), HANGUL_PER_FAULT.utf8)) return 'utf8';
  const text = iconv.getDecoder('cp949').write(sample); // drops an incomplete character at the end
  return isLikely(text, HANGUL_PER_FAULT.cp949) ? 'cp949' : undefined;
}

function isLikely(text: string, hangulPerFault: number): boolean {
  if (text.includes('\0')) return false; // a binary file with texts in it
  const count = (character: RegExp): number => text.match(character)?.length ?? 0;
  return count(ALL_HANGUL) > hangulPerFault * count(FAULTS);
}

function tooLongLine(name: string, line: number): UnreadableFile {
  const reason = 'expected a line of at most 1 MiB, got a longer one; end lines with a line break';
  return new UnreadableFile(name, reason, `line ${line}`);
}

function notText(bytes: Buffer, linesBefore: number, name: string): UnreadableFile {
  const { line, byte } = findInvalidByte(bytes, linesBefore + 1);
  const reason = `expected text in UTF-8 or code page 949, got the byte ${byte}; save the file as UTF-8`;
  return new UnreadableFile(name, reason, `line ${line}`);
}
