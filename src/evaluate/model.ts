import type { Encoded, EncoderEngine } from '../engine/encoder-engine.js';
import { InputError } from '../base/errors.js';
import { batchesByLength } from '../text/length-batches.js';
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

/** Encoded texts that are some of several. */
export interface PlacedTexts extends EncodedTexts {
  /** Which of the texts these are, from 0. `[B]` */
  readonly places: Uint32Array;
}

/** Encodes texts with one model, and keeps count. */
export interface TextReader {
  /**
   * Encodes texts in batches of like length.
   *
   * @throws InputError for outputs that are not numbers
   */
  encode(texts: readonly string[], batchSize: number): AsyncGenerator<PlacedTexts>;
  /** Milliseconds a text; null as long as there was only one batch, the first of which prepares the model. */
  msPerText(): number | null;
  /** Texts that were cut. */
  cut(): number;
}

/** Begins to read texts with a model. */
export function readerOf({ facts, tokenizer, engine }: ModelUnderTest): TextReader {
  let [batches, timedTexts, milliseconds, cut] = [0, 0, 0, 0];
  return {
    async *encode(texts, batchSize) {
      const extent = { batchSize, placesFor: engine.placesFor };
      for (const { places, ids, size, lengths, cut: tooLong } of batchesByLength(texts, tokenizer, extent)) {
        cut += tooLong;
        const started = performance.now();
        const encoded = await engine.encode(ids, size);
        if (batches++ > 0) {
          milliseconds += performance.now() - started;
          timedTexts += size;
        }
        const mean = meanPool(encoded.lastHiddenState, size, facts.width);
        checkFinite(facts, texts, places, mean, encoded.poolerOutput);
        yield { ...encoded, mean, lengths, places };
      }
    },
    msPerText: () => (timedTexts === 0 ? null : milliseconds / timedTexts),
    cut: () => cut,
  };
}

/** A NaN compares as neither more nor less similar, and would pass for a perfect score. */
function checkFinite(
  { name, width }: ModelFacts,
  texts: readonly string[],
  places: Uint32Array,
  ...outputs: Float32Array[]
): void {
  for (const values of outputs) {
    const place = values.findIndex((value) => !Number.isFinite(value));
    if (place === -1) continue;
    const text = texts[places[Math.floor(place / width)]!];
    throw new InputError(
      `${name}: expected finite numbers for ${JSON.stringify(text)}, got ${values[place]}; the model is damaged ` +
        'or its training diverged: use an earlier checkpoint',
    );
  }
}
