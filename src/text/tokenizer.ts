import { sectionSplitter } from './added-tokens.js';
import { normalizerOf, startLengthOf } from './normalizer.js';
import { readTokenizerFiles } from './tokenizer-files.js';
import type { TokenizerJson } from './tokenizer-json.js';
import { MAX_LENGTH } from './max-length.js';
import { loadVocabulary, type Vocabulary } from './vocabulary.js';
import { needsStart, wordSplitterOf } from './word-splitter.js';

export { TOKENIZER_FILES } from './tokenizer-files.js';

/** A text as token ids. */
export interface Encoding {
  /** `[77]`: truncated before the closing special token, which is kept, or padded on the right. */
  readonly ids: Int32Array;
  /** The number of tokens before truncation, including special tokens. */
  readonly length: number;
}

/** Produces the same ids as Python's tokenizers from the same files. */
export interface TextTokenizer {
  /** The number of ids per text: 77. */
  readonly maxLength: number;
  readonly padId: number;
  /** One more than the highest id. */
  readonly vocabSize: number;
  /** SHA-256, in hexadecimal, over the tokenizer's files, and over its class if they do not name it. */
  readonly fingerprint: string;
  /** SHA-256, in hexadecimal, over the tokenizer's files only: the fingerprint that earlier versions used. */
  readonly filesFingerprint: string;
  /** The ids of a text. A lone surrogate, which no UTF-8 file can hold, counts as U+FFFD. */
  encode(text: string): Encoding;
  /** Writes the 77 ids of a text to `target` from index `at` on, and returns the number of tokens before truncation. */
  encodeInto(text: string, target: Int32Array, at: number): number;
}

/**
 * Loads the tokenizer of a model folder: a WordPiece or BPE `tokenizer.json`, or the vocabulary files of older
 * checkpoints. Throws an `InputError` for a folder without one, a damaged file, or another kind.
 */
export async function loadTokenizer(folder: string): Promise<TextTokenizer> {
  const { json, padId, around, splitsSpecials, fingerprint, filesFingerprint } = await readTokenizerFiles(folder);
  const vocabulary = await loadVocabulary(folder, json);
  const { opening, closing } = around;
  const sought = json.added_tokens.filter(({ special }) => !splitsSpecials || !special);
  const bodyIds = bodyEncoder({ ...json, added_tokens: sought }, vocabulary);

  const encodeInto = (text: string, target: Int32Array, at: number): number => {
    const body = bodyIds(text);
    const kept = body.slice(0, MAX_LENGTH - opening.length - closing.length);
    const row = target.subarray(at, at + MAX_LENGTH).fill(padId);
    row.set(opening);
    row.set(kept, opening.length);
    row.set(closing, opening.length + kept.length);
    return opening.length + body.length + closing.length;
  };
  const encode = (text: string): Encoding => {
    const ids = new Int32Array(MAX_LENGTH);
    return { ids, length: encodeInto(text, ids, 0) };
  };
  const fingerprints = { fingerprint, filesFingerprint };
  return { maxLength: MAX_LENGTH, padId, vocabSize: vocabSizeOf(json), ...fingerprints, encode, encodeInto };
}

/** Encodes a text without the surrounding special tokens: added tokens, normalisation, words, ids. */
function bodyEncoder(json: TokenizerJson, vocabulary: Vocabulary): (text: string) => number[] {
  const splitSections = sectionSplitter(json.added_tokens, normalizerOf(json.normalizer));
  const splitWords = wordSplitterOf(json.pre_tokenizer);
  const startLength = needsStart(json.pre_tokenizer) ? startLengthOf(json.normalizer) : () => 0;
  return (text) => {
    const ids: number[] = [];
    const whole = text.replace(/\p{Cs}/gu, '\ufffd');
    for (const [index, section] of splitSections(whole).entries()) {
      if (typeof section === 'number') ids.push(section);
      else
        for (const word of splitWords(section, index === 0 ? startLength(whole) : 0))
          for (const id of vocabulary.idsOf(word)) ids.push(id);
    }
    return ids;
  };
}

function vocabSizeOf(json: TokenizerJson): number {
  const ids = [...Object.values(json.model.vocab), ...json.added_tokens.map(({ id }) => id)];
  return 1 + ids.reduce((highest, id) => Math.max(highest, id), -1);
}
