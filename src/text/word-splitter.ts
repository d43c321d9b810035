import { patternFor } from './common-text.js';
import { compilePattern } from './pattern.js';
import type { StepConfig } from './tokenizer-json.js';
import { BERT_PUNCTUATION, WHITE_SPACE } from './unicode.js';
import { unsupportedStep } from './unsupported-step.js';

/** Splits normalised text into words, which are looked up in the vocabulary one by one. */
export type WordSplitter = (text: string) => string[];

/** The word pattern of GPT-2's byte-level tokenizer, `tokenizers/src/pre_tokenizers/byte_level.rs`. */
const BYTE_LEVEL_WORDS = {
  Regex: "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
};

const BERT_WORDS = patternFor((written) => {
  const [space, punctuation] = [written(WHITE_SPACE), written(BERT_PUNCTUATION)];
  return new RegExp(`[^${space}${punctuation}]+|${punctuation}`, 'gv');
});

/**
 * The pre-tokenizer of a `tokenizer.json`, except for writing bytes as letters, which the library does. Replaces those
 * of `@xenova/transformers` 2.17.2, whose character classes are JavaScript's, not Python's.
 */
export function wordSplitterOf(config: StepConfig | null, where = 'tokenizer.json'): WordSplitter {
  switch (config?.type) {
    case undefined:
      return (text) => [text];
    case 'Sequence': {
      const steps = config.pretokenizers as StepConfig[];
      if (steps.slice(0, -1).some((step) => step.type === 'ByteLevel'))
        throw unsupportedStep(where, 'pre_tokenizer', 'a Sequence with ByteLevel inside');
      const splitters = steps.map((step) => wordSplitterOf(step, where));
      return (text) => splitters.reduce((words, split) => words.flatMap(split), [text]);
    }
    case 'Split':
      return splitter(config, where);
    case 'ByteLevel':
      return byteLevelSplitter(config);
    case 'BertPreTokenizer':
      return (text) => text.match(BERT_WORDS(text)) ?? [];
    default:
      throw unsupportedStep(where, 'pre_tokenizer', config!.type);
  }
}

/** Whether words are written as UTF-8 bytes before lookup in the vocabulary. */
export function isByteLevel(config: StepConfig | null): boolean {
  if (config?.type === 'Sequence') return isByteLevel((config.pretokenizers as StepConfig[]).at(-1) ?? null);
  return config?.type === 'ByteLevel';
}

function splitter({ pattern, behavior, invert }: StepConfig, where: string): WordSplitter {
  // Removed and inverted: remove what the pattern does not match.
  if (behavior !== 'Removed' || invert !== true)
    throw unsupportedStep(where, 'pre_tokenizer', `a Split with behavior ${String(behavior)}`);
  const regex = compilePattern(pattern, where);
  return (text) => text.match(regex(text)) ?? [];
}

function byteLevelSplitter({ add_prefix_space: addPrefixSpace, use_regex: useRegex }: StepConfig): WordSplitter {
  const regex = compilePattern(BYTE_LEVEL_WORDS);
  return (text) => {
    const spaced = addPrefixSpace && !text.startsWith(' ') ? ` ${text}` : text;
    return useRegex === false ? [spaced] : (spaced.match(regex(spaced)) ?? []);
  };
}
