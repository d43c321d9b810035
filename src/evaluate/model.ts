import type { Encoded, EncoderEngine } from '../engine/encoder-engine.js';
import { InputError } from '../base/errors.js';
import { tokenBatch } from '../text/token-batch.js';
import type { TextTokenizer } from '../text/tokenizer.js';
import type { ModelFacts } from './evaluation.js';
import { meanPool } from './vectors.js';

/** A model as it takes part in a comparison. */
export interface ModelUnderTest {
  readonly facts: ModelFacts;
  readonly tokenizer: TextTokenizer;
  readonly engine: EncoderEngine;
}

/** The outputs of a model for `B` texts. */
export interface EncodedTexts extends Encoded {
  /** Mean of the hidden states, `[B, D]`. */
  readonly mean: Float32Array;
  /** Tokens of each text before cutting, `[B]`. */
  readonly lengths: Int32Array;
}

/** Encodes texts with one model, and keeps count. */
export interface TextReader {
  /** @throws InputError for outputs that are not numbers */
  encode(texts: readonly string[]): Promise<EncodedTexts>;
  /** Milliseconds a text; null as long as there was only one batch, the first of which prepares the model. */
  msPerText(): number | null;
  /** Texts that were cut. */
  cut(): number;
}

/** Begins to read texts with a model. */
export function readerOf({ facts, tokenizer, engine }: ModelUnderTest): TextReader {
  let [batches, timedTexts, milliseconds, cut] = [0, 0, 0, 0];
  return {
    async encode(texts) {
      const batch = tokenBatch(texts, tokenizer);
      cut += batch.cut;
      const started = performance.now();
      const encoded = await engine.encode(batch.ids, batch.size);
      if (batches++ > 0) {
        milliseconds += performance.now() - started;
        timedTexts += batch.size;
      }
      const mean = meanPool(encoded.lastHiddenState, batch.size, facts.width);
      checkFinite(facts, texts, mean, encoded.poolerOutput);
      return { ...encoded, mean, lengths: batch.lengths };
    },
    msPerText: () => (timedTexts === 0 ? null : milliseconds / timedTexts),
    cut: () => cut,
  };
}

/** A NaN compares as neither more nor less similar, and would pass for a perfect score. */
function checkFinite({ name, width }: ModelFacts, texts: readonly string[], ...outputs: Float32Array[]): void {
  for (const values of outputs) {
    const place = values.findIndex((value) => !Number.isFinite(value));
    if (place === -1) continue;
    const text = texts[Math.floor(place / width)];
    throw new InputError(
      `${name}: expected finite numbers for ${JSON.stringify(text)}, got ${values[place]}; the model is damaged ` +
        'or its training diverged: use an earlier checkpoint',
    );
  }
}
