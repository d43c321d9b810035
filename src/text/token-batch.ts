import type { TextTokenizer } from './tokenizer.js';

/** The ids of `B` texts with `L` tokens each. */
export interface TokenBatch {
  /** B */
  readonly size: number;
  /** `[B, L]` */
  readonly ids: Int32Array;
  /** 1 for a text's tokens, including special tokens; 0 for its padding. `[B, L]` */
  readonly mask: Float32Array;
  /** The number of tokens of each text before truncation, including special tokens. `[B]` */
  readonly lengths: Int32Array;
  /** The number of texts with more than `L` tokens. */
  readonly cut: number;
}

/** Tokenises texts into a batch of model input. */
export function tokenBatch(texts: readonly string[], tokenizer: TextTokenizer): TokenBatch {
  const { maxLength } = tokenizer;
  const ids = new Int32Array(texts.length * maxLength);
  const mask = new Float32Array(ids.length);
  const lengths = Int32Array.from(texts, (text, row) => tokenizer.encodeInto(text, ids, row * maxLength));
  for (const [row, tokens] of lengths.entries())
    mask.fill(1, row * maxLength, row * maxLength + Math.min(tokens, maxLength));
  return { size: texts.length, ids, mask, lengths, cut: lengths.filter((tokens) => tokens > maxLength).length };
}
