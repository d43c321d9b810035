/** @file Sequences inside sequences in a `tokenizer.json` give what their steps give in a row, as in `tokenizers`. */
import { describe, expect, test } from 'vitest';
import { normalizerOf, startLengthOf } from '../../src/text/normalizer.js';
import type { StepConfig } from '../../src/text/tokenizer-json.js';
import { isByteLevel, needsStart, wordSplitterOf } from '../../src/text/word-splitter.js';

const inSequence = (...pretokenizers: StepConfig[]): StepConfig => ({ type: 'Sequence', pretokenizers });
const SPACES: StepConfig = { type: 'WhitespaceSplit' };
const SIGNS: StepConfig = { type: 'Punctuation', behavior: 'Isolated' };
const BYTES: StepConfig = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
const BERT: StepConfig = {
  type: 'BertNormalizer',
  clean_text: true,
  handle_chinese_chars: true,
  strip_accents: null,
  lowercase: false,
};
const FIRST: StepConfig = { type: 'Metaspace', replacement: '▁', prepend_scheme: 'first', split: true };

describe('pre-tokenizers in sequences inside sequences', () => {
  test.each([
    [[SPACES, SIGNS, FIRST], inSequence(inSequence(SPACES, inSequence(SIGNS)), inSequence(FIRST))],
    [[SPACES, FIRST], inSequence(inSequence(SPACES), FIRST)],
    [[SIGNS, BYTES], inSequence(SIGNS, inSequence(inSequence(BYTES)))],
    [[BYTES], inSequence(BYTES, inSequence())],
    [[SPACES], inSequence(inSequence(), SPACES)],
  ])('split as their steps do in a row: %j', (steps, nested) => {
    const flat = inSequence(...steps);
    expect([isByteLevel(nested), needsStart(nested)]).toEqual([isByteLevel(flat), needsStart(flat)]);
    for (const text of ['a b, c', ' a,b', '\na b', ',', '', ' ', '빨간 공'])
      for (const start of [1, 0])
        expect(wordSplitterOf(nested)(text, start), text).toEqual(wordSplitterOf(flat)(text, start));
  });

  test('do not begin a word at the start where a step has dropped it', () => {
    expect(wordSplitterOf(inSequence(inSequence(SPACES), FIRST))('a b', 1)).toEqual(['▁a', 'b']);
    expect(wordSplitterOf(inSequence(inSequence(SPACES), FIRST))('\na b', 1)).toEqual(['a', 'b']);
  });

  test('with ByteLevel before another step are refused at any depth', () => {
    for (const nested of [inSequence(BYTES, SPACES), inSequence(inSequence(BYTES), SPACES)])
      expect(() => wordSplitterOf(nested)).toThrow(
        /expected a pre_tokenizer .+, got a Sequence with ByteLevel inside;/,
      );
  });
});

/** A trie without entries, and its size before it. */
const EMPTY_TABLE = Buffer.from('040000000000000000', 'hex').toString('base64');

test('a table of characters in a sequence inside a sequence does not move the start of a text', () => {
  const table: StepConfig = { type: 'Precompiled', precompiled_charsmap: EMPTY_TABLE };
  const strip: StepConfig = { type: 'Strip', strip_left: true, strip_right: true };
  const lengthOf = startLengthOf({
    type: 'Sequence',
    normalizers: [{ type: 'Sequence', normalizers: [table, strip] }],
  });
  expect([lengthOf('a'), lengthOf(' a')]).toEqual([1, 0]);
});

test.each<[StepConfig, StepConfig, string, string[]]>([
  [{ type: 'Prepend', prepend: '▁' }, { type: 'UnicodeScripts' }, '가', ['▁', '▁가']],
  [{ type: 'NFKC' }, { type: 'Digits', individual_digits: true }, '½', ['▁1', '▁⁄', '▁2']],
  [{ type: 'NFKC' }, SPACES, '¨a', ['▁\u0308a']],
  [{ type: 'Replace', pattern: { String: 'a' }, content: 'b c' }, SPACES, 'a a', ['▁b', '▁c', 'b', 'c']],
  [BERT, { type: 'BertPreTokenizer' }, '中中', ['▁中', '中']],
])('each piece of what %j writes for the first character begins a text', (normalizer, step, text, words) => {
  const start = startLengthOf(normalizer)(text);
  expect(wordSplitterOf(inSequence(step, FIRST))(normalizerOf(normalizer)(text), start)).toEqual(words);
});
