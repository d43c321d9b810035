/** @file Two ways to write the UTF-8 bytes of a text: as SentencePiece's tokens, and as the letters of GPT-2. */

/** The tokens for the UTF-8 bytes of a text, as SentencePiece names them. */
export function byteTokens(text: string): string[] {
  return [...Buffer.from(text)].map(byteToken);
}

function byteToken(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
}

/** Whether a vocabulary can write everything in bytes. */
export function hasAllBytes(vocab: Readonly<Record<string, number>>): boolean {
  return Array.from({ length: 256 }, (_, byte) => byteToken(byte)).every((token) => Object.hasOwn(vocab, token));
}

/** The letters for the 256 bytes, by byte: printable ones stand for themselves, the others start at U+0100. */
export const BYTE_LETTERS: readonly string[] = lettersByByte();

function lettersByByte(): string[] {
  let others = 0;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(isPrintable(byte) ? byte : 0x100 + others++));
}

function isPrintable(byte: number): boolean {
  return (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte !== 0xad);
}

/** A text with a letter for each of its UTF-8 bytes. */
export function byteLetters(text: string): string {
  return Array.from(Buffer.from(text), (byte) => BYTE_LETTERS[byte]).join('');
}
