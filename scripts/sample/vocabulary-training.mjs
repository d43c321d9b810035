/** Words and how often they come, the most frequent first. */
export function countWords(texts) {
  const counts = new Map();
  for (const text of texts) for (const word of text.split(' ')) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].sort(([a, m], [b, n]) => n - m || compare(a, b));
}

/**
 * Byte-pair encoding (R. Sennrich, B. Haddow and A. Birch, "Neural Machine Translation of Rare Words with Subword
 * Units", arXiv 1508.07909): joins the most frequent neighbours, `merges` times over. `words` are `[symbols, count]`;
 * `join` writes two symbols as one. Of pairs equally frequent the first in code-unit order is taken.
 */
export function trainMerges(words, merges, join) {
  const symbolsOf = words.map(([symbols, count]) => ({ symbols: [...symbols], count }));
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

function mostFrequentPair(words) {
  const counts = new Map();
  for (const { symbols, count } of words) {
    for (let i = 0; i + 1 < symbols.length; i++) {
      const pair = `${symbols[i]}\n${symbols[i + 1]}`;
      counts.set(pair, (counts.get(pair) ?? 0) + count);
    }
  }
  const [best] = [...counts].sort(([a, m], [b, n]) => n - m || compare(a, b));
  return best?.[0].split('\n');
}

function replacePair(symbols, left, right, joined) {
  const result = [];
  for (let i = 0; i < symbols.length; i++) {
    if (symbols[i] === left && symbols[i + 1] === right) {
      result.push(joined);
      i++;
    } else result.push(symbols[i]);
  }
  return result;
}

/** Order by code units, the same on every machine. */
function compare(a, b) {
  return a < b ? -1 : a > b ? 1 : 0;
}
