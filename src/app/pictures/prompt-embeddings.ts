/** @file Embeds prompts as hidden states of a text encoder. */
import { lostTail } from '../../diffusion/embeddings.js';
import type { Embedding } from '../../diffusion/tensors.js';
import { whileThere } from '../../runs/removed-checkpoint.js';
import type { OpenEncoder } from '../open-encoder.js';
import type { Reporter } from '../reporter.js';
import { embedInChild } from './embedding.js';
import type { GenerateOptions } from './options.js';

/** A text encoder, or one with its configuration but random weights. */
export interface DrawingEncoder extends OpenEncoder {
  readonly isRandom?: boolean;
  /** The seed for parameters that its files lack; 0 by default. */
  readonly seed?: number;
}

/** Embeds texts, as `[L, D]` each. Warns about texts that are truncated. */
export async function embed(
  texts: readonly string[],
  encoder: DrawingEncoder,
  options: GenerateOptions,
  reporter: Reporter,
): Promise<Embedding[]> {
  for (const text of new Set(texts)) {
    const tail = lostTail(text, encoder.tokenizer);
    if (tail !== undefined)
      reporter.warn(
        `${JSON.stringify(text.slice(0, 24))}… is over ${encoder.tokenizer.maxLength} tokens for ` +
          `${encoder.label}; its end is lost: ${JSON.stringify(tail)}`,
      );
  }
  const {
    folder,
    tokenizerFolder,
    label,
    isRandom = false,
    seed = 0,
    model: {
      encoder: { width },
    },
  } = encoder;
  const { backend, device } = options;
  const where = `--encoder ${label}`;
  const { embeddings, warnings } = await whileThere(folder, where, () =>
    embedInChild({ texts, folder, tokenizerFolder, isRandom, seed, width, where, backend, device }, reporter.signal),
  );
  for (const warning of warnings) reporter.warn(warning);
  return embeddings;
}
