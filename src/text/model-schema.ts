/** @file Checks the `model` of a `tokenizer.json`, as Python's `tokenizers` 0.23 does. */
import * as v from 'valibot';
import { InputError } from '../base/errors.js';
import { checkJson, jsonError, whole, type JsonPath } from '../base/json-schema.js';
import { hasAllBytes } from './byte-tokens.js';
import { bool, optional, text } from './schema-parts.js';
import { MAX_TOKEN_LENGTH, MODEL_TYPES, type ModelConfig } from './tokenizer-json.js';
import { checkMerges, checkVocabulary } from './vocabulary-files.js';

/** WordPiece would take minutes for longer words; published tokenizers have 100. In characters. */
const MAX_WORD = 1000;

const BPE = v.looseObject({
  dropout: optional(v.number()),
  unk_token: optional(text),
  continuing_subword_prefix: optional(text),
  end_of_word_suffix: optional(text),
  fuse_unk: optional(bool),
  byte_fallback: optional(bool),
  ignore_merges: optional(bool),
});

/** What the tokenizers of CLIP and RoBERTa have for settings that are not supported otherwise. */
const USUAL_BPE = v.looseObject({
  dropout: optional(v.literal(0)),
  continuing_subword_prefix: optional(v.literal('')),
});
const OTHER_CHECKPOINT = 'no other value is supported; use a checkpoint of the CLIP, BERT or RoBERTa kind';

const WORD_PIECE = v.looseObject({
  unk_token: text,
  continuing_subword_prefix: text,
  max_input_chars_per_word: whole(0, MAX_WORD),
});

const UNIGRAM = v.looseObject({ unk_id: whole(0), byte_fallback: v.optional(bool) });
const WORD_LEVEL = v.looseObject({ unk_token: text });
const SETTINGS = { BPE, WordPiece: WORD_PIECE, Unigram: UNIGRAM, WordLevel: WORD_LEVEL };

/**
 * Checks the parsed model.
 *
 * @throws InputError for anything that `tokenizers` could not read either, and for what is not supported
 */
export function checkModel(value: unknown, file: string): ModelConfig {
  const model = (value ?? {}) as { type?: unknown; vocab?: unknown; merges?: unknown };
  const type = MODEL_TYPES.find((each) => each === model.type);
  if (type === undefined) {
    const got = typeof model.type === 'string' ? model.type : 'none';
    throw new InputError(
      `${file}: expected a model of type ${MODEL_TYPES.join(', ')}, got ${got}; use a checkpoint with one of them`,
    );
  }
  const { vocab, merges, ...settings } = model;
  checkJson(v.object({ model: SETTINGS[type] }), { model: settings }, file);
  if (type === 'BPE') checkJson(v.object({ model: USUAL_BPE }), { model: settings }, file, OTHER_CHECKPOINT);
  if (type === 'Unigram') return unigram(vocab, settings, file);
  checkVocabulary(vocab, file, ['model', 'vocab']);
  const checked = { ...model, type, vocab } as ModelConfig;
  if (type !== 'BPE') return checked;
  if (!Array.isArray(merges)) throw jsonError({ file, path: ['model', 'merges'], expected: 'a list', got: merges });
  checkMerges(merges, vocab, (index) => ({ file, path: ['model', 'merges', index] }));
  checkBytes(checked, file);
  return checked;
}

/** A Unigram model: its file has a list of tokens with their scores. */
function unigram(vocab: unknown, settings: object, file: string): ModelConfig {
  const path: JsonPath = ['model', 'vocab'];
  if (!Array.isArray(vocab)) throw jsonError({ file, path, expected: 'a list of tokens and their scores', got: vocab });
  const ids = new Map<string, number>();
  const scores = (vocab as unknown[]).map((entry, id) => {
    const [token, score] = Array.isArray(entry) && entry.length === 2 ? (entry as unknown[]) : [];
    const isScored = typeof score === 'number' && Number.isFinite(score);
    if (typeof token !== 'string' || token === '' || token.length > MAX_TOKEN_LENGTH || !isScored || ids.has(token)) {
      const expected = `a token of its own, of 1 to ${MAX_TOKEN_LENGTH} characters, and its score`;
      throw jsonError({ file, path: [...path, id], expected, got: entry });
    }
    ids.set(token, id);
    return score;
  });
  const model = { ...settings, type: 'Unigram', vocab: Object.fromEntries(ids), scores } as ModelConfig;
  if (model.unk_id! >= scores.length)
    throw jsonError({ file, path: ['model', 'unk_id'], expected: `an id below ${scores.length}`, got: model.unk_id });
  return model;
}

/** With some bytes only, Python writes unknown characters in another order than their own. */
function checkBytes({ byte_fallback: byFallback, vocab }: ModelConfig, file: string): void {
  if (byFallback !== true || hasAllBytes(vocab)) return;
  throw new InputError(
    `${file}: expected tokens for all bytes (<0x00> to <0xFF>), as byte_fallback needs them, got a vocabulary ` +
      `without some; ${OTHER_CHECKPOINT}`,
  );
}
