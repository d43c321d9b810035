import { InputError } from '../base/errors.js';
import type { TokenizerJson } from './tokenizer-json.js';
import { loadLibraryVocabulary, writesAllBytes, type UncachedVocabulary } from './library-vocabulary.js';
import { unigramEncoder } from './unigram.js';

/** The vocabulary of a tokenizer: maps single words to ids. */
export interface Vocabulary {
  /** The ids of a word; the array is shared and must not be changed. */
  readonly idsOf: (word: string) => readonly number[];
}

/** The number of words whose ids are cached: about 20 MB. Words repeat so much that nearly all are found there. */
const CACHED_WORDS = 1 << 16;

/** Longer words hardly ever repeat, and would take unbounded memory. In UTF-16 code units. */
const LONGEST_CACHED = 100;

/**
 * The vocabulary of a `tokenizer.json`. Throws an `InputError` for a kind that is not known, or if some words could not
 * be encoded.
 */
export async function loadVocabulary(folder: string, json: TokenizerJson): Promise<Vocabulary> {
  const { idsOf, clear } = await loadUncached(folder, json);
  const cache = new Map<string, readonly number[]>();
  return {
    idsOf(word) {
      if (word.length > LONGEST_CACHED) {
        const ids = idsOf(word);
        clear();
        return ids;
      }
      const known = cache.get(word);
      if (known !== undefined) return known;
      if (cache.size === CACHED_WORDS) {
        cache.clear();
        clear();
      }
      const ids = idsOf(word);
      cache.set(word, ids);
      return ids;
    },
  };
}

async function loadUncached(folder: string, json: TokenizerJson): Promise<UncachedVocabulary> {
  const { type, vocab, unk_token: unknown } = json.model;
  const clear = (): void => undefined;
  if (type === 'Unigram') return { idsOf: unigramEncoder(json.model), clear };
  checkUnknownToken(folder, json);
  if (type !== 'WordLevel') return loadLibraryVocabulary(folder, json);
  return { idsOf: (word) => [vocab[Object.hasOwn(vocab, word) ? word : unknown!]!], clear };
}

/**
 * Rejects an unknown token that the vocabulary lacks, at whose first use Python fails. Byte-level words never need it
 * if all bytes have tokens.
 */
function checkUnknownToken(folder: string, json: TokenizerJson): void {
  const { unk_token: unknown, vocab } = json.model;
  if (unknown == null || Object.hasOwn(vocab, unknown) || writesAllBytes(json)) return;
  throw new InputError(
    `${folder}: expected an unknown token of the vocabulary, got ${JSON.stringify(unknown)}; ` +
      'name it as unk_token in tokenizer_config.json',
  );
}
