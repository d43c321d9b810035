import { describe, expect, test } from 'vitest';
import { hashBytes, hashPair, hashSeeded, PURPOSE } from '../../../src/data/prepare/hash.js';

/** The four words of a text's hash, in hexadecimal. The text is at an odd offset to test that, too. */
function hashOf(text: string, seed: number): string {
  const bytes = Buffer.from(`xyz${text}!`);
  const out = new Uint32Array(4);
  hashBytes(bytes, 3, bytes.length - 1, out, seed);
  return [...out].map((word) => word.toString(16)).join(' ');
}

describe('the hash of a text', () => {
  // From Python's mmh3 5: mmh3.hash128(text, seed, x64arch=False).
  test.each([
    ['', 0, '0 0 0 0'],
    ['', 42, 'af6d2cb6 95c80cba 95c80cba 95c80cba'],
    ['a', 0, 'a794933c 5556b01b 5556b01b 5556b01b'],
    ['가나다', 42, '6ac71e8 3f61cb32 22021f27 45df231c'],
    ['The quick brown fox jumps over the lazy dog', 0, '2f1583c3 ecee2c67 5d7bf66c e5e91d2c'],
    ['0123456789abcdef', 0, 'fb7d4409 36aed30a 48ad1d9b 572b3bfd'],
    ['0123456789abcdefg', 42, 'c83b4930 2c5e4e61 d2b5d5f 312cf4b4'],
  ])('%j with seed %d equals that of MurmurHash3_x86_128', (text, seed, expected) => {
    expect(hashOf(text, seed)).toBe(expected);
  });
});

test('the hash of a pair depends on the order of its texts', () => {
  const [a, b, out, swapped] = [Uint32Array.of(1, 2), Uint32Array.of(3, 4), new Uint32Array(2), new Uint32Array(2)];
  hashPair(a, b, out);
  hashPair(b, a, swapped);
  expect(out).not.toEqual(swapped);
});

test('hashes with different seeds and purposes are unrelated', () => {
  const hash = (seed: number, purpose: number): string => {
    const out = new Uint32Array(2);
    hashSeeded(123, 456, seed, purpose, out);
    return out.join();
  };
  expect(
    new Set([hash(1, PURPOSE.order), hash(2, PURPOSE.order), hash(1, PURPOSE.split), hash(2, PURPOSE.split)]).size,
  ).toBe(4);
  expect(hash(1, PURPOSE.order)).toBe(hash(1, PURPOSE.order));
});
