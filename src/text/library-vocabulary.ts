/** @file BPE and WordPiece, as `@xenova/transformers` implements them. */
import type { PreTrainedTokenizer } from '@xenova/transformers/src/tokenizers.js';
import { InputError, messageOf } from '../base/errors.js';
import { BYTE_LETTERS, hasAllBytes } from './byte-tokens.js';
import type { TokenizerJson } from './tokenizer-json.js';
import { isByteLevel } from './word-splitter.js';

/** A vocabulary that looks up each word anew. */
export interface UncachedVocabulary {
  readonly idsOf: (word: string) => readonly number[];
  /** Frees what it remembers. */
  readonly clear: () => void;
}

/** The BPE or WordPiece vocabulary of a `tokenizer.json`. Throws an `InputError` for a kind that is not known. */
export async function loadLibraryVocabulary(folder: string, json: TokenizerJson): Promise<UncachedVocabulary> {
  const library = await buildLibraryTokenizer(folder, json);
  const { vocab, ignore_merges: wholeWordsFirst } = json.model;
  const isDropping = json.model.type === 'BPE' && json.model.unk_token == null && !writesAllBytes(json);
  const suffix = suffixOf(json);
  const unended = isDropping && suffix !== '' ? await buildLibraryTokenizer(folder, withoutSuffix(json)) : library;
  return {
    idsOf(word) {
      const letters = library.pre_tokenizer?.(word) ?? [word];
      const whole = wholeWordsFirst === true && Object.hasOwn(vocab, letters[0]!) ? vocab[letters[0]!] : undefined;
      if (whole !== undefined) return [whole];
      if (!isDropping) return lookUp(library, letters);
      const { known, hasEnd } = knownLetters(letters[0]!, vocab, suffix);
      return known === '' ? [] : lookUp(hasEnd ? library : unended, [known]);
    },
    clear: () => library.model.cache?.clear(),
  };
}

/**
 * Imports only the library's tokenizers: its main module would also load `sharp` and every model and pipeline. The
 * package has no `exports`, so its modules can be imported by path. The tokenizers import both ONNX runtimes and use
 * neither; `overrides` in package.json put the runtimes' small common package in their place.
 *
 * The library's parts that differ from Python's are disabled by leaving them out of its configuration: normaliser, word
 * splitting and added tokens are implemented in this folder.
 */
async function buildLibraryTokenizer(folder: string, json: TokenizerJson): Promise<PreTrainedTokenizer> {
  const library = await import('@xenova/transformers/src/tokenizers.js');
  // The library reads merges as "a b" only; `tokenizers` 0.20 and later write ["a", "b"].
  const merges = json.model.merges?.map((merge) => (typeof merge === 'string' ? merge : merge.join(' ')));
  const config = {
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: isByteLevel(json.pre_tokenizer) ? { type: 'ByteLevel', use_regex: false } : null,
    model: { ...json.model, merges, ignore_merges: false }, // `idsOf` looks up whole words: here letters are missing
    post_processor: null,
    decoder: null,
  };
  try {
    return new library.PreTrainedTokenizer(config, {});
  } catch (error) {
    throw new InputError(
      `${folder}: expected a tokenizer of the CLIP, BERT or RoBERTa kind, got another ` +
        `(${messageOf(error)}); use a checkpoint with one of them`,
    );
  }
}

/**
 * The letters of a word that the vocabulary has, the last with its suffix. Without an unknown token, BPE drops the
 * others before merging, so that their neighbours may be merged (`merge_word` of tokenizers' `bpe/model.rs`). If the
 * last letter is dropped, none has the suffix.
 */
function knownLetters(
  word: string,
  vocab: Readonly<Record<string, number>>,
  suffix: string,
): { readonly known: string; readonly hasEnd: boolean } {
  const letters = Array.from(word);
  const isKnown = (letter: string, i: number): boolean =>
    Object.hasOwn(vocab, i === letters.length - 1 ? letter + suffix : letter);
  return {
    known: letters.filter(isKnown).join(''),
    hasEnd: letters.length > 0 && isKnown(letters.at(-1)!, letters.length - 1),
  };
}

/** The suffix at the end of every word. */
function suffixOf({ model: { end_of_word_suffix: suffix } }: TokenizerJson): string {
  return typeof suffix === 'string' ? suffix : '';
}

function withoutSuffix(json: TokenizerJson): TokenizerJson {
  return { ...json, model: { ...json.model, end_of_word_suffix: null } };
}

function lookUp({ model }: PreTrainedTokenizer, word: string[]): number[] {
  const ids = model.convert_tokens_to_ids(model(word));
  // BPE without an unknown token drops what it cannot write.
  return ids.filter((id) => id !== undefined);
}

/** Whether words can be written as bytes that all have tokens, both within a word and at its end. */
export function writesAllBytes(json: TokenizerJson): boolean {
  if (json.model.byte_fallback === true) return hasAllBytes(json.model.vocab);
  const endings = ['', suffixOf(json)];
  const isWritable = (letter: string) => endings.every((ending) => Object.hasOwn(json.model.vocab, letter + ending));
  return json.model.type === 'BPE' && isByteLevel(json.pre_tokenizer) && BYTE_LETTERS.every(isWritable);
}
