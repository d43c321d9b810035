/** @file The special tokens that transformers' tokenizer classes have of their own. */
import { withDefaults, type SpecialName, type SpecialToken } from './special-token.js';
import type { TokenizerClass } from './tokenizer-class.js';
import type { TokenizerSettings } from './tokenizer-settings.js';

/** The special tokens of RoBERTa, XLM-RoBERTa and CamemBERT. */
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
const DEFAULT_SPECIALS: Readonly<Record<TokenizerClass, Readonly<Partial<Record<SpecialName, string>>>>> = {
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
  CamembertTokenizer: ROBERTA_SPECIALS,
  TokenizersBackend: {},
};

/** The special tokens of the files, or else of the class, by name. */
export function specialsOf(
  name: TokenizerClass,
  { named }: TokenizerSettings,
): ReadonlyMap<string, SpecialToken | null> {
  const specials = new Map<string, SpecialToken | null>([...Object.entries(DEFAULT_SPECIALS[name]), ...named]);
  const mask = specials.get('mask_token');
  if (name === 'CamembertTokenizer' && typeof mask === 'string')
    specials.set('mask_token', { ...withDefaults({ content: mask, special: true }), lstrip: true });
  return specials;
}

/** Pieces of fairseq's dictionary that no text contains. */
const CAMEMBERT_EXTRA = ['<s>NOTUSED', '</s>NOTUSED', '<unk>NOTUSED'];

/** The special tokens without a name: of the files, or else of the class. */
export function extraSpecialsOf(name: TokenizerClass, { extra }: TokenizerSettings): readonly SpecialToken[] {
  return extra ?? (name === 'CamembertTokenizer' ? CAMEMBERT_EXTRA : []);
}
