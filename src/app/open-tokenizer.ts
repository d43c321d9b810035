import { InputError } from '../base/errors.js';
import type { TextEncoder } from '../models/text-encoder.js';
import { loadTokenizer, type TextTokenizer } from '../text/tokenizer.js';
import type { Reporter } from './reporter.js';
import { fetchModel } from './fetch-model.js';

/** Where a model's tokenizer is. */
export interface TokenizerSource {
  /** The model, on the hub or in a folder. */
  readonly model: string;
  /** Where the tokenizer is, if not with its model. */
  readonly tokenizerSource: string | undefined;
  /** The flag for that. */
  readonly flag: string;
}

/** A tokenizer, and the folder of its files. */
export interface OpenTokenizer {
  readonly tokenizer: TextTokenizer;
  /** The folder with its files. */
  readonly folder: string;
}

/**
 * Opens a model's tokenizer.
 *
 * @throws InputError if it cannot be read; suggests the flag if the tokenizer was looked for with the model
 */
export async function openTokenizer(
  { model, tokenizerSource, flag }: TokenizerSource,
  reporter: Reporter,
): Promise<OpenTokenizer> {
  const folder = await fetchModel(tokenizerSource ?? model, flag, reporter, ['tokenizer']);
  try {
    return { tokenizer: await loadTokenizer(folder), folder };
  } catch (error) {
    if (tokenizerSource !== undefined || !(error instanceof InputError)) throw error;
    throw new InputError(`${error.message}; to use another tokenizer, name it with ${flag}`, { cause: error });
  }
}

/**
 * Checks that every id of a tokenizer has an embedding, and warns if model and tokenizer disagree on the id of padding,
 * which RoBERTa's positions depend on.
 *
 * @param where the model, for the message
 */
export function checkVocabulary(
  { vocabSize, padId }: { readonly vocabSize: number; readonly padId: number },
  { config }: TextEncoder,
  where: string,
  reporter: Pick<Reporter, 'warn'>,
): void {
  if (vocabSize > config.vocabSize)
    throw new InputError(
      `${where}: expected a tokenizer with at most ${config.vocabSize} ids, as many as the model has embeddings, ` +
        `got ${vocabSize}; give the model's own tokenizer`,
    );
  if (config.family === 'roberta' && config.padTokenId !== padId)
    reporter.warn(
      `${where}: its config.json says that padding is id ${config.padTokenId} (pad_token_id), ` +
        `its tokenizer pads with ${padId}: positions count padding and skip tokens of id ${config.padTokenId}; ` +
        "correct the one that is wrong, or give the model's own tokenizer",
    );
}
