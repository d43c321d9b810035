import type { PreTrainedTokenizer } from '@xenova/transformers/src/tokenizers.js';
import { InputError, messageOf } from '../errors.js';
import { idOfToken, type TokenizerJson } from './tokenizer-json.js';
import { isByteLevel } from './word-splitter.js';

/** The vocabulary of a tokenizer: single words in, ids out. */
export interface Vocabulary {
  /** The ids of one word; the array is shared, not to be changed. */
  readonly idsOf: (word: string) => readonly number[];
  /** The ids of the special tokens set before and after every text. */
  readonly opening: readonly number[];
  readonly closing: readonly number[];
}

/** Words whose ids are kept: some 20 MB, and texts repeat their words so much that nearly all are found there. */
const CACHED_WORDS = 1 << 16;

/**
 * The vocabulary and special tokens of a `tokenizer.json`, run by `@xenova/transformers`. Throws an `InputError` where
 * the library does not know the kind.
 */
export async function loadVocabulary(folder: string, json: TokenizerJson): Promise<Vocabulary> {
  const library = await buildLibraryTokenizer(folder, json);
  const cache = new Map<string, readonly number[]>();
  return {
    ...specialTokens(json, library),
    idsOf(word) {
      const known = cache.get(word);
      if (known !== undefined) return known;
      if (cache.size === CACHED_WORDS) {
        cache.clear();
        library.model.cache?.clear();
      }
      const ids = lookUp(library, word);
      cache.set(word, ids);
      return ids;
    },
  };
}

/**
 * Imports the library's tokenizers alone: its main module would also load `sharp` and every model and pipeline. The
 * package has no `exports`, so that its modules can be named by path. Even so 0.1 s goes by (`onnxruntime-node` comes
 * along), which is why the import waits until a tokenizer is asked for.
 *
 * The library's parts that differ from Python's are left out by handing it a configuration without them: normaliser,
 * word splitting and added tokens are this project's own, next door.
 */
async function buildLibraryTokenizer(folder: string, json: TokenizerJson): Promise<PreTrainedTokenizer> {
  const library = await import('@xenova/transformers/src/tokenizers.js');
  // The library reads merges as "a b" only; `tokenizers` 0.20 and later write ["a", "b"].
  const merges = json.model.merges?.map((merge) => (typeof merge === 'string' ? merge : merge.join(' ')));
  const config = {
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: isByteLevel(json.pre_tokenizer) ? { type: 'ByteLevel', use_regex: false } : null,
    model: { ...json.model, merges },
    post_processor: json.post_processor,
    decoder: null,
  };
  try {
    return new library.PreTrainedTokenizer(config, {});
  } catch (error) {
    throw new InputError(
      `${folder}: expected a tokenizer of the CLIP, BERT or RoBERTa kind, got another (${messageOf(error)})`,
    );
  }
}

function lookUp({ model, pre_tokenizer: writeBytes }: PreTrainedTokenizer, word: string): number[] {
  const ids = model.convert_tokens_to_ids(model(writeBytes?.(word) ?? [word]));
  // A BPE without unknown token gives nothing for what it cannot write.
  return ids.filter((id) => id !== undefined);
}

/** What the post-processor sets around a text, found by letting it process one. */
function specialTokens(json: TokenizerJson, library: PreTrainedTokenizer): Pick<Vocabulary, 'opening' | 'closing'> {
  const text = '\0';
  const tokens = library.post_processor?.([text]).tokens ?? [text];
  const ids = tokens.map((token) => idOfToken(json, token)!);
  const place = tokens.indexOf(text);
  return { opening: ids.slice(0, place), closing: ids.slice(place + 1) };
}
