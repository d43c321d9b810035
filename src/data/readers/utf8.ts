/** @file UTF-8 bytes (RFC 3629). */

/** Replaces bytes that are invalid in the encoding when a text is decoded. */
export const REPLACEMENT = '\ufffd';

/** The number of bytes before an incomplete character at the end, or of all bytes if there is none (section 3). */
export function lengthOfWholeCharacters(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!;
    if (byte >= 0x80 && byte < 0xc0) continue; // a continuation byte; the first byte is further back
    const size = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return size > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

/** Whether a byte is a line feed or a carriage return; undefined, beyond the end, is neither. */
export function isLineBreak(byte: number | undefined): boolean {
  return byte === 0x0a || byte === 0x0d;
}

/** How many lines end in the bytes. */
export function countLineBreaks(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) count++;
  return count;
}

/** The first invalid byte, as `0xC3`, and its line, in bytes that begin on `firstLine`. */
export function findInvalidByte(bytes: Buffer, firstLine: number): { readonly line: number; readonly byte: string } {
  const at = firstInvalidIndex(bytes);
  return {
    line: firstLine + countLineBreaks(bytes.subarray(0, at)),
    byte: hexadecimal(bytes[at]!),
  };
}

/** A byte as `0xC3`. */
export function hexadecimal(byte: number): string {
  return `0x${byte.toString(16).toUpperCase().padStart(2, '0')}`;
}

function firstInvalidIndex(bytes: Buffer): number {
  const text = bytes.toString('utf8');
  const replacement = Buffer.from(REPLACEMENT);
  for (let index = text.indexOf(REPLACEMENT); index !== -1; index = text.indexOf(REPLACEMENT, index + 1)) {
    const at = Buffer.byteLength(text.slice(0, index));
    // The text may contain the replacement character itself.
    if (!bytes.subarray(at, at + replacement.length).equals(replacement)) return at;
  }
  return bytes.length - 1;
}
