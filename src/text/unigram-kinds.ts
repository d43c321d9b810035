/** @file The classes of transformers 5.24 whose vocabulary is a Unigram model of SentencePiece. */
import { InputError } from '../base/errors.js';
import { required, requiredFlag, type KindInput, type TokenizerParts } from './kind-input.js';
import { contentOf } from './special-token.js';
import type { StepConfig } from './tokenizer-json.js';

/** The id of XLM-RoBERTa's unknown token, whatever the files say. */
const XLM_ROBERTA_UNKNOWN = 3;

/** The tokenizer of `XLMRobertaTokenizer`. Throws an `InputError` for what it cannot be built from. */
export function xlmRoberta(input: KindInput): TokenizerParts {
  const { folder, vocabulary } = input;
  const { scores = [] } = vocabulary;
  if (scores.length <= XLM_ROBERTA_UNKNOWN)
    throw new InputError(
      `${folder}: expected a vocabulary in which the unknown token has id ${XLM_ROBERTA_UNKNOWN}, got one of ` +
        `${scores.length} tokens; get the file again`,
    );
  return unigram(input, XLM_ROBERTA_UNKNOWN);
}

/** The tokenizer of `CamembertTokenizer`. Throws an `InputError` for what it cannot be built from. */
export function camembert(input: KindInput): TokenizerParts {
  const unknown = input.specials.get('unk_token');
  const token = unknown == null ? 'None' : contentOf(unknown); // as Python's str() writes it
  const { vocab } = input.vocabulary;
  return unigram(input, Object.hasOwn(vocab, token) ? vocab[token]! : 0);
}

function unigram({ folder, vocabulary, settings, specials, normalizer }: KindInput, unknown: number): TokenizerParts {
  const { vocab, scores = [] } = vocabulary;
  const prefix = requiredFlag(folder, settings, 'add_prefix_space', true);
  const steps = normalizer?.type === 'Sequence' ? (normalizer.normalizers as StepConfig[]) : [normalizer];
  return {
    model: { type: 'Unigram', vocab, scores, unk_id: unknown, byte_fallback: false },
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
