/**
 * @file 64-bit hashes of texts and pairs: the first 64 bits of MurmurHash3_x86_128 by A. Appleby (public domain,
 * github.com/aappleby/smhasher, src/MurmurHash3.cpp). Among five million texts, the probability of any collision is 7
 * in 10 million.
 */
import { rotateLeft } from '../rotate.js';

/** A 64-bit hash as two words, the lower half first. */
export type Hash64 = Uint32Array;

const C1 = 0x239b961b;
const C2 = 0xab0e9789;
const C3 = 0x38b34ae5;
const C4 = 0xa1e38b93;

/** What a seeded hash of a pair is used for. Each purpose has its own hash. */
export const PURPOSE = { order: 1, split: 2 } as const;

/** Writes the hash of the bytes `start` to `end` to `out`: the first two of murmur's four words, or as many as fit. */
export function hashBytes(bytes: Uint8Array, start: number, end: number, out: Uint32Array, seed = 0): void {
  let [h1, h2, h3, h4] = [seed, seed, seed, seed];
  for (let at = start; at < end; at += 16) {
    // Missing bytes of the last block count as 0. A word of 0 has no effect by itself; only whole blocks are mixed.
    const isWhole = at + 16 <= end;
    h1 ^= Math.imul(rotateLeft(Math.imul(wordAt(bytes, at, end), C1), 15), C2);
    if (isWhole) h1 = (Math.imul((rotateLeft(h1, 19) + h2) | 0, 5) + 0x561ccd1b) | 0;
    h2 ^= Math.imul(rotateLeft(Math.imul(wordAt(bytes, at + 4, end), C2), 16), C3);
    if (isWhole) h2 = (Math.imul((rotateLeft(h2, 17) + h3) | 0, 5) + 0x0bcaa747) | 0;
    h3 ^= Math.imul(rotateLeft(Math.imul(wordAt(bytes, at + 8, end), C3), 17), C4);
    if (isWhole) h3 = (Math.imul((rotateLeft(h3, 15) + h4) | 0, 5) + 0x96cd1c35) | 0;
    h4 ^= Math.imul(rotateLeft(Math.imul(wordAt(bytes, at + 12, end), C4), 18), C1);
    if (isWhole) h4 = (Math.imul((rotateLeft(h4, 13) + h1) | 0, 5) + 0x32ac3b17) | 0;
  }
  const length = end - start;
  h1 ^= length;
  h2 ^= length;
  h3 ^= length;
  h4 ^= length;
  h1 = (h1 + h2 + h3 + h4) | 0;
  h2 = finalMix((h2 + h1) | 0);
  h3 = finalMix((h3 + h1) | 0);
  h4 = finalMix((h4 + h1) | 0);
  h1 = (finalMix(h1) + h2 + h3 + h4) | 0;
  out[0] = h1;
  out[1] = h2 + h1;
  if (out.length > 2) {
    out[2] = h3 + h1;
    out[3] = h4 + h1;
  }
}

const block = new Uint32Array(4);
const blockBytes = new Uint8Array(block.buffer);

/** Writes the hash of a pair to `out`, from the hashes of its Korean and its English text. */
export function hashPair(ko: Hash64, en: Hash64, out: Hash64): void {
  block[0] = ko[0]!;
  block[1] = ko[1]!;
  block[2] = en[0]!;
  block[3] = en[1]!;
  hashBytes(blockBytes, 0, 16, out);
}

/** Writes the seeded hash of a pair to `out`; `low` and `high` are the words of the pair's hash. */
export function hashSeeded(low: number, high: number, seed: number, purpose: number, out: Hash64): void {
  block[0] = low;
  block[1] = high;
  block[2] = seed;
  block[3] = purpose;
  hashBytes(blockBytes, 0, 16, out);
}

/** Four bytes as a little-endian word; bytes from `end` on count as 0. */
function wordAt(bytes: Uint8Array, at: number, end: number): number {
  if (at + 4 <= end) return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
  let word = 0;
  for (let i = at; i < end; i++) word |= bytes[i]! << (8 * (i - at));
  return word;
}

function finalMix(word: number): number {
  let h = word ^ (word >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}
