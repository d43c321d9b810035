import { rotateLeft } from './rotate.js';

/** A source of random numbers: each call gives the next integer from 0 to 2³² − 1. */
export type RandomSource = () => number;

/**
 * xoshiro128** 1.1 of D. Blackman and S. Vigna, "Scrambled Linear Pseudorandom Number Generators" (2021,
 * doi:10.1145/3460772). Its state is filled from the seed, an integer, by SplitMix64 (G. Steele, D. Lea and C. Flood,
 * "Fast Splittable Pseudorandom Number Generators", 2014), as its authors advise.
 */
export function randomSource(seed: number): RandomSource {
  return xoshiro128(splitMix64(BigInt(seed)));
}

/** The generator itself, from a state of four 32-bit words that are not all zero. */
function xoshiro128(state: Uint32Array): RandomSource {
  const s = Uint32Array.from(state);
  return () => {
    const result = Math.imul(rotateLeft(Math.imul(s[1]!, 5), 7), 9) >>> 0;
    const shifted = s[1]! << 9;
    s[2]! ^= s[0]!;
    s[3]! ^= s[1]!;
    s[1]! ^= s[2]!;
    s[0]! ^= s[3]!;
    s[2]! ^= shifted;
    s[3] = rotateLeft(s[3]!, 11);
    return result;
  };
}

/** The numbers 0 … `count` − 1 in a random order (Fisher and Yates; Knuth, TAOCP 2, algorithm 3.4.2P). */
export function shuffledIndices(count: number, random: RandomSource): Uint32Array {
  const indices = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = randomBelow(i + 1, random);
    [indices[i], indices[j]] = [indices[j]!, indices[i]!];
  }
  return indices;
}

/**
 * An integer from 0 to `bound` − 1, uniformly distributed: draws beyond the last whole multiple of `bound` are
 * rejected.
 */
export function randomBelow(bound: number, random: RandomSource): number {
  const limit = 2 ** 32 - (2 ** 32 % bound);
  let drawn = random();
  while (drawn >= limit) drawn = random();
  return drawn % bound;
}

/** Two outputs of SplitMix64, as four words, the lower half first. */
function splitMix64(seed: bigint): Uint32Array {
  const words = new BigUint64Array(2);
  let state = BigInt.asUintN(64, seed);
  for (const i of words.keys()) {
    state = BigInt.asUintN(64, state + 0x9e3779b97f4a7c15n);
    let z = state;
    z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
    z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
    words[i] = z ^ (z >> 31n);
  }
  return new Uint32Array(words.buffer);
}
