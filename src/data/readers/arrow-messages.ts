/**
 * @file The messages of an Arrow stream (arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format), validated
 * before they are decoded, since the decoder trusts the numbers in them and would loop forever on false ones.
 */

import { UnreadableFileError } from '../unreadable-file.js';
import { checkMessage } from './arrow-checks.js';
import type { UnreadColumns } from './arrow-unread.js';
import { Table } from './flat-buffer.js';

/** An Arrow file is a stream between two of these words, with a footer before the last. */
export const ARROW_FILE_MAGIC = Buffer.from('ARROW1');
/** The word with padding. */
export const PADDED_MAGIC_BYTES = 8;

/** The end of a file: the length of the footer, four bytes, and the word again. */
export const FOOTER_END_BYTES = 4 + ARROW_FILE_MAGIC.length;

/** The most bytes between the stream and the footer. */
export const MAX_PADDING_BYTES = 64;

/** Whether bytes begin like an Arrow file, and not like a stream. */
export function isArrowFile(bytes: Buffer): boolean {
  return bytes.subarray(0, ARROW_FILE_MAGIC.length).equals(ARROW_FILE_MAGIC);
}

/** Precedes the length of a message; streams from before 2019 have only the length. */
export const CONTINUATION = 0xffffffff;

/** The largest metadata of a message, in bytes. */
export const MAX_METADATA_BYTES = 1 << 24;

/** The file that contains the messages, for limits and errors. */
interface Source {
  readonly name: string;
  /** The most bytes that it can have. */
  readonly bytes: number;
}

/**
 * Passes on a stream, or the stream in a file, in chunks, after validating its messages and taking out columns that
 * cannot be decoded. Throws an `Error` for invalid messages, and an `UnreadableFileError` for data without an end mark
 * or with more after it.
 */
export async function* soundMessages(
  pieces: AsyncIterable<Buffer>,
  source: Source,
  unread: UnreadColumns,
): AsyncGenerator<Buffer> {
  const iterator = pieces[Symbol.asyncIterator]();
  let held: Buffer = Buffer.alloc(0);
  let [body, isPassed, isFile, size] = [0, true, false, 0];
  try {
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
      const piece = next.value;
      if (size === 0) isFile = isArrowFile(piece);
      const content = size === 0 && isFile ? piece.subarray(PADDED_MAGIC_BYTES) : piece;
      held = held.length === 0 ? content : Buffer.concat([held, content]);
      size += piece.length;
      let at = 0;
      for (;;) {
        const ofBody = Math.min(body, held.length - at);
        if (isPassed && ofBody > 0) yield held.subarray(at, at + ofBody);
        [at, body] = [at + ofBody, body - ofBody];
        const message = body > 0 ? undefined : messageAt(held, at, source.bytes, unread);
        if (message === undefined) break;
        ({ end: at, body, isPassed } = message);
        if (isPassed) yield message.bytes;
        if (!message.isEnd) continue;
        await checkEnd(held.subarray(at), iterator, isFile, source.name);
        return;
      }
      held = held.subarray(at);
    }
    throw new UnreadableFileError(
      source.name,
      `expected Arrow data up to its end mark, got ${size} bytes without; write the file again`,
    );
  } finally {
    await iterator.return?.();
  }
}

/** Checks what follows a stream: in a file its footer, otherwise nothing, or zeros. */
async function checkEnd(first: Buffer, rest: AsyncIterator<Buffer>, isFile: boolean, name: string): Promise<void> {
  let [size, last, isBlank] = [0, Buffer.alloc(0), true];
  for (let piece: Buffer | undefined = first; piece !== undefined;) {
    size += piece.length;
    isBlank &&= piece.every((byte) => byte === 0);
    last = Buffer.concat([last, piece.subarray(-FOOTER_END_BYTES)]).subarray(-FOOTER_END_BYTES);
    const next: IteratorResult<Buffer> = await rest.next();
    piece = next.done === true ? undefined : next.value;
  }
  if (!isFile && isBlank) return;
  if (isFile && !last.subarray(4).equals(ARROW_FILE_MAGIC)) {
    const found = `${size} bytes after the last batch that end in something else`;
    throw new UnreadableFileError(name, `expected an Arrow file with its end mark, got ${found}; write the file again`);
  }
  const beyond = isFile ? size - FOOTER_END_BYTES - last.readInt32LE(0) : size;
  if (isFile && beyond >= 0 && beyond < MAX_PADDING_BYTES) return;
  throw new UnreadableFileError(
    name,
    `expected nothing after the end of the Arrow data, got ${size} bytes; split joined files`,
  );
}

interface Message {
  /** Its metadata, with the bytes before it. */
  readonly bytes: Buffer;
  /** The offset after that. */
  readonly end: number;
  /** The bytes of its body, which follows. */
  readonly body: number;
  /** Whether it has anything besides columns that are not read. */
  readonly isPassed: boolean;
  readonly isEnd: boolean;
}

/** Finds and validates the message at an offset; `undefined` if it is incomplete. */
function messageAt(held: Buffer, at: number, fileBytes: number, unread: UnreadColumns): Message | undefined {
  if (at + 4 > held.length) return undefined;
  const start = held.readUInt32LE(at) === CONTINUATION ? at + 8 : at + 4;
  if (start > held.length) return undefined;
  const length = held.readUInt32LE(start - 4);
  const end = start + length;
  if (length === 0) return { bytes: held.subarray(at, end), end, body: 0, isPassed: true, isEnd: true };
  if (length > MAX_METADATA_BYTES) throw new Error(`a message of ${length} bytes`);
  if (end > held.length) return undefined;
  const bytes = Buffer.from(held.subarray(at, end)); // a copy, which may be changed
  const message = Table.root(bytes.subarray(start - at));
  const body = checkMessage(message, length, fileBytes);
  return { bytes, end, body, isPassed: unread.takeOut(message), isEnd: false };
}
