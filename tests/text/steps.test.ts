/** @file Sequences inside sequences in a `tokenizer.json` give what their steps give in a row, as in `tokenizers`. */
import { describe, expect, test } from 'vitest';
import { startKeeperOf } from '../../src/text/normalizer.js';
import type { StepConfig } from '../../src/text/tokenizer-json.js';
import { isByteLevel, needsStart, wordSplitterOf } from '../../src/text/word-splitter.js';

const inSequence = (...pretokenizers: StepConfig[]): StepConfig => ({ type: 'Sequence', pretokenizers });
const SPACES: StepConfig = { type: 'WhitespaceSplit' };
const SIGNS: StepConfig = { type: 'Punctuation', behavior: 'Isolated' };
const BYTES: StepConfig = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
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
      for (const isStart of [true, false])
        expect(wordSplitterOf(nested)(text, isStart), text).toEqual(wordSplitterOf(flat)(text, isStart));
  });

  test('do not begin a word at the start where a step has dropped it', () => {
    expect(wordSplitterOf(inSequence(inSequence(SPACES), FIRST))('a b', true)).toEqual(['▁a', 'b']);
    expect(wordSplitterOf(inSequence(inSequence(SPACES), FIRST))('\na b', true)).toEqual(['a', 'b']);
  });

  test('with ByteLevel before another step are refused at any depth', () => {
    for (const nested of [inSequence(BYTES, SPACES), inSequence(inSequence(BYTES), SPACES)])
      expect(() => wordSplitterOf(nested)).toThrow(
        /expected a pre_tokenizer .+, got a Sequence with ByteLevel inside;/,
      );
  });
});

test('a table of characters in a sequence inside a sequence does not move the start of a text', () => {
  const table: StepConfig = { type: 'Precompiled', precompiled_charsmap: '' };
  const strip: StepConfig = { type: 'Strip', strip_left: true, strip_right: true };
  const keeps = startKeeperOf({ type: 'Sequence', normalizers: [{ type: 'Sequence', normalizers: [table, strip] }] });
  expect([keeps('a'), keeps(' a')]).toEqual([true, false]);
});
