import type { PreTrainedTokenizer } from '@xenova/transformers/src/tokenizers.js';
import { InputError, messageOf } from '../base/errors.js';
import type { TokenizerJson } from './tokenizer-json.js';
import { isByteLevel } from './word-splitter.js';

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
 * The vocabulary of a `tokenizer.json`, run by `@xenova/transformers`. Throws an `InputError` if the library does not
 * know the kind, or if some words could not be encoded.
 */
export async function loadVocabulary(folder: string, json: TokenizerJson): Promise<Vocabulary> {
  const library = await buildLibraryTokenizer(folder, json);
  checkUnknownToken(folder, json);
  const { vocab, ignore_merges: wholeWordsFirst } = json.model;
  const isDropping = json.model.type === 'BPE' && json.model.unk_token == null && !writesAllBytes(json);
  const suffix = suffixOf(json);
  const unended = isDropping && suffix !== '' ? await buildLibraryTokenizer(folder, withoutSuffix(json)) : library;
  const cache = new Map<string, readonly number[]>();
  const look = (word: string): number[] => {
    const letters = library.pre_tokenizer?.(word) ?? [word];
    const whole = wholeWordsFirst === true && Object.hasOwn(vocab, letters[0]!) ? vocab[letters[0]!] : undefined;
    if (whole !== undefined) return [whole];
    if (!isDropping) return lookUp(library, letters);
    const { known, hasEnd } = knownLetters(letters[0]!, vocab, suffix);
    return known === '' ? [] : lookUp(hasEnd ? library : unended, [known]);
  };
  return {
    idsOf(word) {
      if (word.length > LONGEST_CACHED) {
        const ids = look(word);
        library.model.cache?.clear();
        return ids;
      }
      const known = cache.get(word);
      if (known !== undefined) return known;
      if (cache.size === CACHED_WORDS) {
        cache.clear();
        library.model.cache?.clear();
      }
      const ids = look(word);
      cache.set(word, ids);
      return ids;
    },
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
    model: { ...json.model, merges },
    post_processor: null,
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

/** Whether words are written as bytes that all have tokens, both within a word and at its end. */
function writesAllBytes(json: TokenizerJson): boolean {
  const endings = ['', suffixOf(json)];
  const isWritable = (letter: string) => endings.every((ending) => Object.hasOwn(json.model.vocab, letter + ending));
  return json.model.type === 'BPE' && isByteLevel(json.pre_tokenizer) && BYTE_LETTERS.every(isWritable);
}

const PRINTABLE = 188;

/** The letters for the 256 bytes: printable ones stand for themselves, the others start at U+0100. */
const BYTE_LETTERS: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte)
  .sort((a, b) => Number(isPrintable(b)) - Number(isPrintable(a)))
  .map((byte, index) => String.fromCharCode(isPrintable(byte) ? byte : 0x100 + index - PRINTABLE));

function isPrintable(byte: number): boolean {
  return (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte !== 0xad);
}
