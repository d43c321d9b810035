/** Rotates a word of 32 bits to the left by 1 to 31 bits. The result is signed, as that of any bit operation. */
export function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
