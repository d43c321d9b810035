import { patternFor } from './common-text.js';
import { compilePattern } from './pattern.js';
import { firstScriptAt, splitAtScripts } from './scripts.js';
import { stepsIn } from './steps.js';
import { firstPieceAt, splitAt, splitByLength, type SplitBehavior } from './text-splits.js';
import type { StepConfig } from './tokenizer-json.js';
import { BERT_PUNCTUATION, NUMBER, WHITE_SPACE, WORD } from './unicode.js';
import { unsupportedStep } from './unsupported-step.js';

/**
 * Splits normalised text into words, which are looked up in the vocabulary one by one. `start` is the length of what
 * normalisation wrote for the first character of the whole input, in UTF-16 code units; zero if the text does not begin
 * there. Only a `Metaspace` of the scheme `first` asks for it: each piece that begins within it counts as the first.
 */
export type WordSplitter = (text: string, start?: number) => string[];

/** The word pattern of GPT-2's byte-level tokenizer, `tokenizers/src/pre_tokenizers/byte_level.rs`. */
const BYTE_LEVEL_WORDS = {
  Regex: "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
};

const BERT_WORDS = patternFor((written) => {
  const [space, punctuation] = [written(WHITE_SPACE), written(BERT_PUNCTUATION)];
  return new RegExp(`[^${space}${punctuation}]+|${punctuation}`, 'gv');
});

const UNSPACED = new RegExp(`[^${WHITE_SPACE}]+`, 'gv');
const SPACE_BEFORE = new RegExp(`^${WHITE_SPACE}*`, 'v');

/** The pattern of `Whitespace`, `tokenizers/src/pre_tokenizers/whitespace.rs`. */
const WORDS_AND_SIGNS = new RegExp(`${WORD}+|[^${WORD}${WHITE_SPACE}]+`, 'gv');

/** The length of a `FixedLength` that does not say it, `tokenizers/src/pre_tokenizers/fixed_length.rs`. */
const FIXED_LENGTH = 5;

const PUNCTUATION = new RegExp(BERT_PUNCTUATION, 'gv');
const DIGIT = new RegExp(NUMBER, 'gv');

/**
 * The pre-tokenizer of a `tokenizer.json`, except for writing bytes as letters, which the library does. Replaces those
 * of `@xenova/transformers` 2.17.2, whose character classes are JavaScript's, not Python's.
 */
export function wordSplitterOf(config: StepConfig | null, where = 'tokenizer.json'): WordSplitter {
  return sequenceSplitter(stepsIn(config, 'pretokenizers'), where);
}

/** A step of the pre-tokenizer. */
interface Step {
  readonly split: WordSplitter;
  /**
   * Where the first word begins in a text; absent if always at its start. Words are parts of the text, unless
   * `isRewriting`.
   */
  readonly firstAt?: (text: string) => number;
  readonly isRewriting?: boolean;
}

const afterSpace = (text: string): number => SPACE_BEFORE.exec(text)![0].length;

function stepOf(config: StepConfig, where: string): Step {
  switch (config.type) {
    case 'Split':
    case 'CharDelimiterSplit':
    case 'Punctuation':
    case 'Digits': {
      const { pattern, behavior, invert } = splitOf(config, where);
      return {
        split: splitAt(pattern, behavior, invert),
        firstAt: (text) => firstPieceAt(text, pattern(text), behavior, invert),
      };
    }
    case 'ByteLevel':
      return { split: byteLevelSplitter(config), isRewriting: true };
    case 'WhitespaceSplit':
      return { split: (text) => text.match(UNSPACED) ?? [], firstAt: afterSpace };
    case 'Whitespace':
      return { split: (text) => text.match(WORDS_AND_SIGNS) ?? [], firstAt: afterSpace };
    case 'Metaspace':
      return { split: metaspaceSplitter(config), isRewriting: true };
    case 'BertPreTokenizer':
      return { split: (text) => text.match(BERT_WORDS(text)) ?? [], firstAt: afterSpace };
    case 'UnicodeScripts':
      return { split: splitAtScripts, firstAt: firstScriptAt };
    case 'FixedLength':
      return { split: splitByLength((config.length as number | undefined) ?? FIXED_LENGTH) };
    default:
      throw unsupportedStep(where, 'pre_tokenizer', config.type);
  }
}

/** Whether words are written as UTF-8 bytes before lookup in the vocabulary. */
export function isByteLevel(config: StepConfig | null): boolean {
  return stepsIn(config, 'pretokenizers').at(-1)?.type === 'ByteLevel';
}

/** Whether a pre-tokenizer treats the beginning of the whole input differently. */
export function needsStart(config: StepConfig | null): boolean {
  return stepsIn(config, 'pretokenizers').some(
    ({ type, prepend_scheme: scheme }) => type === 'Metaspace' && scheme === 'first',
  );
}

function sequenceSplitter(steps: readonly StepConfig[], where: string): WordSplitter {
  if (steps.slice(0, -1).some((step) => step.type === 'ByteLevel'))
    throw unsupportedStep(where, 'pre_tokenizer', 'a Sequence with ByteLevel inside');
  const parts = steps.map((step) => stepOf(step, where));
  return (text, start = 0) => {
    let words: readonly Piece[] = [{ text, start }];
    for (const step of parts) words = words.flatMap((word) => piecesOf(word, step));
    return words.map((word) => word.text);
  };
}

/** A word, and how much of it was written for the first character of the input. */
interface Piece {
  readonly text: string;
  readonly start: number;
}

function piecesOf({ text, start }: Piece, { split, firstAt, isRewriting }: Step): Piece[] {
  const words = split(text, start);
  if (start === 0) return words.map((word) => ({ text: word, start: 0 }));
  if (isRewriting === true) return words.map((word, index) => ({ text: word, start: index === 0 ? start : 0 }));
  let end = firstAt?.(text) ?? 0;
  return words.map((word) => {
    const at = text.indexOf(word, end);
    end = at + word.length;
    return { text: word, start: Math.max(0, start - at) };
  });
}

interface Split {
  readonly pattern: (text: string) => RegExp;
  readonly behavior: SplitBehavior;
  readonly invert: boolean;
}

/** The steps that split at a pattern, all as such. */
function splitOf(step: StepConfig, where: string): Split {
  const behavior = (step.behavior ?? 'Isolated') as SplitBehavior;
  switch (step.type) {
    case 'Punctuation':
      return { pattern: () => PUNCTUATION, behavior, invert: false };
    case 'Digits':
      return {
        pattern: () => DIGIT,
        behavior: step.individual_digits === true ? 'Isolated' : 'Contiguous',
        invert: false,
      };
    case 'CharDelimiterSplit':
      return { pattern: compilePattern({ String: step.delimiter }, where), behavior: 'Removed', invert: false };
    default:
      return { pattern: compilePattern(step.pattern, where), behavior, invert: step.invert === true };
  }
}

function byteLevelSplitter({ add_prefix_space: addPrefixSpace, use_regex: useRegex }: StepConfig): WordSplitter {
  const regex = compilePattern(BYTE_LEVEL_WORDS);
  return (text) => {
    const spaced = addPrefixSpace && !text.startsWith(' ') ? ` ${text}` : text;
    return useRegex === false ? [spaced] : (spaced.match(regex(spaced)) ?? []);
  };
}

/** Writes blanks as a letter that begins a word (SentencePiece), `tokenizers/src/pre_tokenizers/metaspace.rs`. */
function metaspaceSplitter(config: StepConfig): WordSplitter {
  const { replacement, prepend_scheme: scheme = 'always', split } = config;
  const blank = replacement as string;
  const letter = `\\u{${blank.codePointAt(0)!.toString(16)}}`;
  const words = new RegExp(`${letter}[^${letter}]*|[^${letter}]+`, 'gv');
  return (text, start = 0) => {
    if (text === '') return [];
    const written = text.replaceAll(' ', blank);
    const isPrepended = scheme === 'always' || (scheme === 'first' && start > 0);
    const whole = isPrepended && !written.startsWith(blank) ? blank + written : written;
    return split === false ? [whole] : (whole.match(words) ?? []);
  };
}
