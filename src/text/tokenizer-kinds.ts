/** @file The tokenizers that transformers 5.24 builds for its classes, whatever else a `tokenizer.json` says. */
import { isDeepStrictEqual } from 'node:util';
import { InputError } from '../base/errors.js';
import { required, requiredFlag, type KindInput, type TokenizerParts } from './kind-input.js';
import { contentOf } from './special-token.js';
import type { TokenizerClass } from './tokenizer-class.js';
import type { StepConfig } from './tokenizer-json.js';
import { camembert, xlmRoberta } from './unigram-kinds.js';

/** Builds the tokenizer of a class. Throws an `InputError` for a required special token that is missing. */
export function buildKind(name: Exclude<TokenizerClass, 'TokenizersBackend'>, input: KindInput): TokenizerParts {
  return KINDS[name](input);
}

const KINDS = {
  CLIPTokenizer: clip,
  BertTokenizer: bert,
  RobertaTokenizer: roberta,
  XLMRobertaTokenizer: xlmRoberta,
  CamembertTokenizer: camembert,
};

const CLIP_WORDS = "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+";

function clipPreTokenizer(pattern: string): StepConfig {
  return {
    type: 'Sequence',
    pretokenizers: [
      { type: 'Split', pattern: { Regex: pattern }, behavior: 'Removed', invert: true },
      { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    ],
  };
}

/** The pre-tokenizer in published `tokenizer.json` files of CLIP. */
const PUBLISHED_CLIP_WORDS = clipPreTokenizer(CLIP_WORDS);

/** Since version 5, the class also keeps special tokens in capitals in one piece. */
const CLASS_CLIP_WORDS = clipPreTokenizer(`<\\|startoftext\\|>|<\\|endoftext\\|>|${CLIP_WORDS}`);

function clip({ folder, vocabulary: { vocab, merges = [] }, specials, words }: KindInput): TokenizerParts {
  const unknown = specials.get('unk_token');
  return {
    model: {
      type: 'BPE',
      unk_token: unknown == null ? 'None' : contentOf(unknown), // as Python's str() writes it
      end_of_word_suffix: '</w>',
      vocab,
      merges,
    },
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'NFC' },
        { type: 'Replace', pattern: { Regex: '\\s+' }, content: ' ' },
        { type: 'Lowercase' },
      ],
    },
    // Keeps ids that were stored with a published file.
    pre_tokenizer: isDeepStrictEqual(words, PUBLISHED_CLIP_WORDS) ? PUBLISHED_CLIP_WORDS : CLASS_CLIP_WORDS,
    around: { first: required(folder, specials, 'bos_token'), last: required(folder, specials, 'eos_token') },
  };
}

function bert({ folder, vocabulary: { vocab }, settings, specials }: KindInput): TokenizerParts {
  const unknown = specials.get('unk_token');
  const around = { first: required(folder, specials, 'cls_token'), last: required(folder, specials, 'sep_token') };
  for (const token of Object.values(around)) {
    if (!/[ :]|^\$|^$/.test(token)) continue; // transformers puts them into a template that uses these signs
    throw new InputError(
      `${folder}: expected cls_token and sep_token without spaces, colons and dollars, got ${token}`,
    );
  }
  return {
    model: {
      type: 'WordPiece',
      unk_token: unknown == null ? 'None' : contentOf(unknown),
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab,
    },
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: requiredFlag(folder, settings, 'tokenize_chinese_chars', true),
      strip_accents: settings.flag('strip_accents') ?? null,
      lowercase: requiredFlag(folder, settings, 'do_lower_case', true),
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    around,
  };
}

function roberta({ folder, vocabulary: { vocab, merges = [] }, settings, specials }: KindInput): TokenizerParts {
  const addPrefixSpace = requiredFlag(folder, settings, 'add_prefix_space', false);
  requiredFlag(folder, settings, 'trim_offsets', true);
  return {
    // No unknown token: what the vocabulary cannot write is dropped.
    model: { type: 'BPE', unk_token: null, end_of_word_suffix: '', vocab, merges },
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: addPrefixSpace, trim_offsets: true, use_regex: true },
    around: { first: required(folder, specials, 'cls_token'), last: required(folder, specials, 'sep_token') },
  };
}
