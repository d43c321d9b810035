/**
 * @file What the text encoder makes of texts: hidden states, the mean squared error between two, and how much of a text
 * is cut off.
 */
import type { EncoderEngine } from '../engine/encoder-engine.js';
import { InputError } from '../base/errors.js';
import { tokenBatch } from '../text/token-batch.js';
import type { TextTokenizer } from '../text/tokenizer.js';
import type { Embedding } from './tensors.js';

/** Texts per batch. */
const BATCH = 16;

/**
 * The hidden states of texts, without an attention mask, as in Stable Diffusion.
 *
 * @param where the encoder, for messages
 * @returns `[L, D]` for each text
 * @throws InputError for hidden states that are not finite
 */
export async function embedTexts(
  texts: readonly string[],
  tokenizer: TextTokenizer,
  engine: EncoderEngine,
  where: string,
): Promise<Embedding[]> {
  const embeddings: Embedding[] = [];
  for (let start = 0; start < texts.length; start += BATCH) {
    const batch = texts.slice(start, start + BATCH);
    const { lastHiddenState } = await engine.encode(tokenBatch(batch, tokenizer).ids, batch.length);
    const size = lastHiddenState.length / batch.length;
    for (const [row, text] of batch.entries()) {
      const embedding = lastHiddenState.slice(row * size, (row + 1) * size);
      if (!embedding.every(Number.isFinite)) {
        throw new InputError(
          `${where}: expected finite hidden states of ${JSON.stringify(text)}, got NaN or infinity; its weights are ` +
            'damaged, or its training diverged: choose another checkpoint',
        );
      }
      embeddings.push(embedding);
    }
  }
  return embeddings;
}

/** The mean of the squared differences of two embeddings. */
export function meanSquaredError(a: Embedding, b: Embedding): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return sum / a.length;
}

/** The end of a text that exceeds the tokenizer's length and is therefore ignored; undefined if the text fits. */
export function lostTail(text: string, tokenizer: TextTokenizer): string | undefined {
  if (tokenizer.encode(text).length <= tokenizer.maxLength) return undefined;
  const characters = Array.from(text);
  let [kept, lost] = [0, characters.length]; // lengths of a prefix that fits, and of one that does not
  while (lost - kept > 1) {
    const middle = (kept + lost) >> 1;
    const fits = tokenizer.encode(characters.slice(0, middle).join('')).length <= tokenizer.maxLength;
    if (fits) kept = middle;
    else lost = middle;
  }
  return characters.slice(kept).join('');
}
