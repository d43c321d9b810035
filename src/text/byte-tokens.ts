/** @file The tokens with which SentencePiece writes characters that its vocabulary lacks. */

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
