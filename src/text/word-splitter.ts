import { patternFor } from './common-text.js';
import { compilePattern } from './pattern.js';
import type { StepConfig } from './tokenizer-json.js';
import { BERT_PUNCTUATION, WHITE_SPACE, WORD } from './unicode.js';
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

const UNSPACED = new RegExp(`[^${WHITE_SPACE}]+`, 'gv');

/** The pattern of `Whitespace`, `tokenizers/src/pre_tokenizers/whitespace.rs`. */
const WORDS_AND_SIGNS = new RegExp(`${WORD}+|[^${WORD}${WHITE_SPACE}]+`, 'gv');

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
    case 'WhitespaceSplit':
      return (text) => text.match(UNSPACED) ?? [];
    case 'Whitespace':
      return (text) => text.match(WORDS_AND_SIGNS) ?? [];
    case 'Metaspace':
      return metaspaceSplitter(config, where);
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

/** Writes blanks as a letter that begins a word (SentencePiece), `tokenizers/src/pre_tokenizers/metaspace.rs`. */
function metaspaceSplitter(config: StepConfig, where: string): WordSplitter {
  const { replacement, prepend_scheme: scheme = 'always', split } = config;
  // This depends on what was before normalization, which is no longer known here.
  if (scheme === 'first') throw unsupportedStep(where, 'pre_tokenizer', 'a Metaspace with prepend_scheme first');
  const blank = replacement as string;
  const letter = `\\u{${blank.codePointAt(0)!.toString(16)}}`;
  const words = new RegExp(`${letter}[^${letter}]*|[^${letter}]+`, 'gv');
  return (text) => {
    if (text === '') return [];
    const written = text.replaceAll(' ', blank);
    const whole = scheme === 'always' && !written.startsWith(blank) ? blank + written : written;
    return split === false ? [whole] : (whole.match(words) ?? []);
  };
}
