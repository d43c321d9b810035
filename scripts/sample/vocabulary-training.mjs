/** @typedef {{ symbols: readonly string[], count: number }} Word what a word is made of, and how often it comes */
/** @typedef {[left: string, right: string]} Merge two symbols that are joined */

/**
 * Words and their frequencies, the most frequent first.
 *
 * @param {Iterable<string>} texts
 */
export function countWords(texts) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const text of texts) for (const word of text.split(' ')) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].sort(([a, m], [b, n]) => n - m || compare(a, b));
}

/**
 * Byte-pair encoding (R. Sennrich, B. Haddow and A. Birch, "Neural Machine Translation of Rare Words with Subword
 * Units", arXiv 1508.07909): joins the most frequent neighbours, `merges` times. `join` combines two symbols into one.
 * Of equally frequent pairs, the first in code-unit order is taken.
 *
 * @param {readonly Word[]} words
 * @param {number} merges
 * @param {(left: string, right: string) => string} join
 * @returns {Merge[]}
 */
export function trainMerges(words, merges, join) {
  const symbolsOf = words.map((word) => ({ ...word }));
  /** @type {Merge[]} */
  const made = [];
  while (made.length < merges) {
    const best = mostFrequentPair(symbolsOf);
    if (best === undefined) break;
    const [left, right] = best;
    for (const word of symbolsOf) word.symbols = replacePair(word.symbols, left, right, join(left, right));
    made.push(best);
  }
  return made;
}

/**
 * @param {readonly Word[]} words
 * @returns {Merge | undefined}
 */
function mostFrequentPair(words) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const { symbols, count } of words) {
    for (let i = 0; i + 1 < symbols.length; i++) {
      const pair = `${symbols[i]}\n${symbols[i + 1]}`;
      counts.set(pair, (counts.get(pair) ?? 0) + count);
    }
  }
  const [best] = [...counts].sort(([a, m], [b, n]) => n - m || compare(a, b));
  if (best === undefined) return undefined;
  const [left = '', right = ''] = best[0].split('\n');
  return [left, right];
}

/**
 * @param {readonly string[]} symbols
 * @param {string} left
 * @param {string} right
 * @param {string} joined
 */
function replacePair(symbols, left, right, joined) {
  /** @type {string[]} */
  const result = [];
  let isJoined = false; // with the one before
  for (const [i, symbol] of symbols.entries()) {
    if (isJoined) {
      isJoined = false;
      continue;
    }
    isJoined = symbol === left && symbols[i + 1] === right;
    result.push(isJoined ? joined : symbol);
  }
  return result;
}

/**
 * Order by code units, the same on every machine.
 *
 * @param {string} a
 * @param {string} b
 */
function compare(a, b) {
  return a < b ? -1 : a > b ? 1 : 0;
}
