/**
 * @file The Unigram model of SentencePiece: of all ways to write a word with tokens, the one with the highest sum of
 * scores. Source: `encode_optimized` in `tokenizers/src/models/unigram/model.rs`.
 */
import { byteTokens } from './byte-tokens.js';
import type { ModelConfig } from './tokenizer-json.js';

/** How much worse than the worst token an unknown character is. */
const UNKNOWN_PENALTY = 10;

/** The best way to write the beginning of a word up to some place: its sum, and its last token. */
interface Best {
  readonly sum: number;
  readonly start: number;
  readonly id: number;
}

/** Encodes words by a Unigram model. The result takes time linear in the word, times the longest token. */
export function unigramEncoder({ vocab, scores = [], unk_id: unknown, byte_fallback }: ModelConfig): Encoder {
  const unknownId = unknown!;
  const tokens = new SortedTokens(Object.keys(vocab));
  const unknownScore = scores.reduce((least, score) => Math.min(least, score), Infinity) - UNKNOWN_PENALTY;
  const idsOfText = (text: string): readonly number[] => {
    if (Object.hasOwn(vocab, text)) return [vocab[text]!];
    const bytes = byte_fallback === true ? byteTokens(text) : [];
    const areKnown = bytes.length > 0 && bytes.every((token) => Object.hasOwn(vocab, token));
    return areKnown ? bytes.map((token) => vocab[token]!) : [unknownId];
  };

  return (word) => {
    const best: (Best | undefined)[] = new Array<Best | undefined>(word.length + 1).fill(undefined);
    const offer = (end: number, candidate: Best): void => {
      if (best[end] === undefined || candidate.sum > best[end].sum) best[end] = candidate;
    };
    for (let start = 0; start < word.length;) {
      const sum = best[start]?.sum ?? 0;
      const next = start + (word.codePointAt(start)! > 0xffff ? 2 : 1);
      let isKnown = false;
      tokens.forEachPrefix(word, start, (end, token) => {
        const id = vocab[token]!;
        offer(end, { sum: scores[id]! + sum, start, id });
        if (end === next) isKnown = true;
      });
      if (!isKnown) offer(next, { sum: unknownScore + sum, start, id: unknownId });
      start = next;
    }
    return pathTo(word.length, best).flatMap(([start, end]) => idsOfText(word.slice(start, end)));
  };

  /** The pieces of a word, of which adjacent unknown ones are one. */
  function pathTo(length: number, best: readonly (Best | undefined)[]): [start: number, end: number][] {
    const pieces: [start: number, end: number][] = [];
    let isUnknown = false;
    for (let end = length; end > 0;) {
      const { start, id } = best[end]!;
      if (isUnknown && id === unknownId) pieces.at(-1)![0] = start;
      else pieces.push([start, end]);
      isUnknown = id === unknownId;
      end = start;
    }
    return pieces.reverse();
  }
}

type Encoder = (word: string) => number[];

/** Tokens in the order of their UTF-16 code units, which takes less memory than a trie. */
class SortedTokens {
  private readonly tokens: readonly string[];

  constructor(tokens: readonly string[]) {
    this.tokens = tokens.filter((token) => token !== '').sort((a, b) => (a < b ? -1 : 1));
  }

  /** Calls back for each token at a place of a word, the shortest first. */
  forEachPrefix(word: string, start: number, found: (end: number, token: string) => void): void {
    let [low, high] = [0, this.tokens.length];
    for (let at = start; at < word.length && low < high; at++) {
      const unit = word.charCodeAt(at);
      low = this.firstWith(at - start, unit, low, high);
      high = this.firstWith(at - start, unit + 1, low, high);
      const token = this.tokens[low];
      if (low < high && token!.length === at - start + 1) found(at + 1, token!);
    }
  }

  /** The first token from `low` to before `high` whose code unit at a place is at least `unit`. */
  private firstWith(place: number, unit: number, low: number, high: number): number {
    while (low < high) {
      const middle = (low + high) >>> 1;
      const token = this.tokens[middle]!;
      if (place < token.length && token.charCodeAt(place) >= unit) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
