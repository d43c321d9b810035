/** @typedef {() => number} Random gives the next number, from 0 to below 1 */

/**
 * SplitMix64 (G. Steele, D. Lea and C. Flood, "Fast Splittable Pseudorandom Number Generators", 2014): returns the next
 * number, from 0 to below 1, at each call.
 *
 * @param {number} seed
 * @returns {Random}
 */
export function randomSource(seed) {
  let state = BigInt(seed);
  return () => {
    state = BigInt.asUintN(64, state + 0x9e3779b97f4a7c15n);
    let z = state;
    z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
    z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
    return Number((z ^ (z >> 31n)) >> 11n) / 2 ** 53;
  };
}

/**
 * One of a list.
 *
 * @template T
 * @param {readonly T[]} list
 * @param {Random} random
 */
export function pick(list, random) {
  return /** @type {T} */ (list[Math.floor(random() * list.length)]);
}

/**
 * A number with mean 0, variance 1 and a nearly normal distribution: the sum of twelve uniform ones, minus 6. Unlike
 * the usual formulas with logarithms, it is the same to the last bit on every machine.
 *
 * @param {Random} random
 */
export function normal(random) {
  let sum = -6;
  for (let i = 0; i < 12; i++) sum += random();
  return sum;
}
