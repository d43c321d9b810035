/** @file The tokenizers that transformers 5.24 builds for its classes, whatever else a `tokenizer.json` says. */
import { isDeepStrictEqual } from 'node:util';
import { InputError } from '../base/errors.js';
import type { TokenizerClass } from './tokenizer-class.js';
import { contentOf, type SpecialName, type SpecialToken } from './special-token.js';
import type { TokenizerSettings } from './tokenizer-settings.js';
import type { ModelConfig, StepConfig } from './tokenizer-json.js';
import type { VocabularyFiles } from './vocabulary-files.js';

/** A tokenizer without its added tokens. */
export interface TokenizerParts {
  readonly model: ModelConfig;
  readonly normalizer: StepConfig | null;
  readonly pre_tokenizer: StepConfig | null;
  /** The special tokens before and after every text. */
  readonly around: { readonly first: string; readonly last: string };
}

/** The special tokens of RoBERTa and XLM-RoBERTa. */
const ROBERTA_SPECIALS = {
  bos_token: '<s>',
  eos_token: '</s>',
  unk_token: '<unk>',
  sep_token: '</s>',
  pad_token: '<pad>',
  cls_token: '<s>',
  mask_token: '<mask>',
};

/** The default special tokens of each class. */
export const DEFAULT_SPECIALS: Readonly<Record<TokenizerClass, Readonly<Partial<Record<SpecialName, string>>>>> = {
  CLIPTokenizer: {
    bos_token: '<|startoftext|>',
    eos_token: '<|endoftext|>',
    unk_token: '<|endoftext|>',
    pad_token: '<|endoftext|>',
  },
  BertTokenizer: {
    unk_token: '[UNK]',
    sep_token: '[SEP]',
    pad_token: '[PAD]',
    cls_token: '[CLS]',
    mask_token: '[MASK]',
  },
  RobertaTokenizer: ROBERTA_SPECIALS,
  XLMRobertaTokenizer: ROBERTA_SPECIALS,
  TokenizersBackend: {},
};

/** The input for building a class's tokenizer. */
export interface KindInput {
  readonly folder: string;
  readonly vocabulary: VocabularyFiles;
  readonly settings: TokenizerSettings;
  /** The special tokens of the files, or else of the class. */
  readonly specials: ReadonlyMap<string, SpecialToken | null>;
  /** The pre-tokenizer of the `tokenizer.json`. */
  readonly words: StepConfig | null;
  /** The normalizer of the `tokenizer.json`. */
  readonly normalizer: StepConfig | null;
}

/** Builds the tokenizer of a class. Throws an `InputError` for a required special token that is missing. */
export function buildKind(name: Exclude<TokenizerClass, 'TokenizersBackend'>, input: KindInput): TokenizerParts {
  return KINDS[name](input);
}

const KINDS = {
  CLIPTokenizer: clip,
  BertTokenizer: bert,
  RobertaTokenizer: roberta,
  XLMRobertaTokenizer: xlmRoberta,
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

/** The id of the unknown token, whatever the files say. */
const XLM_ROBERTA_UNKNOWN = 3;

function xlmRoberta({
  folder,
  vocabulary: { vocab, scores = [] },
  settings,
  specials,
  normalizer,
}: KindInput): TokenizerParts {
  if (scores.length <= XLM_ROBERTA_UNKNOWN)
    throw new InputError(
      `${folder}: expected a vocabulary in which the unknown token has id ${XLM_ROBERTA_UNKNOWN}, got one of ` +
        `${scores.length} tokens; get the file again`,
    );
  const prefix = requiredFlag(folder, settings, 'add_prefix_space', true);
  const steps = normalizer?.type === 'Sequence' ? (normalizer.normalizers as StepConfig[]) : [normalizer];
  return {
    model: { type: 'Unigram', vocab, scores, unk_id: XLM_ROBERTA_UNKNOWN, byte_fallback: false },
    normalizer: steps.find((step) => step?.type === 'Precompiled') ?? null,
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'WhitespaceSplit' },
        { type: 'Metaspace', replacement: '▁', prepend_scheme: prefix ? 'always' : 'never', split: true },
      ],
    },
    around: { first: required(folder, specials, 'bos_token'), last: required(folder, specials, 'eos_token') },
  };
}

function required(folder: string, specials: ReadonlyMap<string, SpecialToken | null>, name: SpecialName): string {
  const token = specials.get(name);
  if (token != null) return contentOf(token);
  throw new InputError(`${folder}: expected a ${name}, got null; name it in tokenizer_config.json`);
}

function requiredFlag(folder: string, settings: TokenizerSettings, name: string, whenMissing: boolean): boolean {
  const flag = settings.flag(name);
  if (flag !== null) return flag ?? whenMissing;
  throw new InputError(`${folder}: expected true or false for ${name}, got null; set it in tokenizer_config.json`);
}
