import type { Encoded, EncoderEngine } from '../engine/encoder-engine.js';
import { checkFinite } from '../engine/finite-outputs.js';
import { batchesByLength } from '../text/length-batches.js';
import type { TextTokenizer } from '../text/tokenizer.js';
import type { ModelFacts } from './evaluation.js';
import { meanPool } from './vectors.js';

/** A model that takes part in a comparison. */
export interface ModelUnderTest {
  readonly facts: ModelFacts;
  readonly tokenizer: TextTokenizer;
  readonly engine: EncoderEngine;
}

/** A model's outputs for `B` texts. */
export interface EncodedTexts extends Encoded {
  /** Mean of the hidden states, `[B, D]`. */
  readonly mean: Float32Array;
  /** Tokens of each text before truncation, `[B]`. */
  readonly lengths: Int32Array;
}

/** The outputs for some of several texts. */
export interface PlacedTexts extends EncodedTexts {
  /** The indices of these texts. `[B]` */
  readonly places: Uint32Array;
}

/** Encodes texts with one model, and keeps statistics. */
export interface TextReader {
  /**
   * Encodes texts in batches of similar length.
   *
   * @throws InputError for outputs that are not finite
   */
  encode(texts: readonly string[], batchSize: number): AsyncGenerator<PlacedTexts>;
  /** Milliseconds per text; null until the second batch, since the first includes start-up work. */
  msPerText(): number | null;
  /** The number of truncated texts. */
  cut(): number;
}

/** Creates a reader of texts for a model. */
export function readerOf({ facts, tokenizer, engine }: ModelUnderTest): TextReader {
  let [batches, timedTexts, milliseconds, cut] = [0, 0, 0, 0];
  return {
    async *encode(texts, batchSize) {
      const extent = { batchSize, placesFor: engine.positionsFor };
      for (const { places, ids, size, lengths, cut: tooLong } of batchesByLength(texts, tokenizer, extent)) {
        cut += tooLong;
        const started = performance.now();
        const encoded = await engine.encode(ids, size);
        if (batches++ > 0) {
          milliseconds += performance.now() - started;
          timedTexts += size;
        }
        const mean = meanPool(encoded.lastHiddenState, size, facts.width);
        const batch = Array.from(places, (place) => texts[place]!);
        checkFinite(facts.name, batch, mean, encoded.poolerOutput);
        yield { ...encoded, mean, lengths, places };
      }
    },
    msPerText: () => (timedTexts === 0 ? null : milliseconds / timedTexts),
    cut: () => cut,
  };
}
