import { describe, expect, test } from 'vitest';
import { normalizerOf } from '../../src/text/normalizer.js';
import {
  BERT_ACCENT,
  BERT_CONTROL,
  BERT_IDEOGRAPH,
  BERT_PUNCTUATION,
  COMBINING_MARK,
  LETTER,
  NUMBER,
  WHITE_SPACE,
  WORD,
} from '../../src/text/unicode.js';
import { wordSplitterOf } from '../../src/text/word-splitter.js';

/** Characters on either side of the border of each class, as Python's `tokenizers` 0.23.3 sees them. */
const BORDERS: Record<string, { pattern: string; holds: string; lacks: string }> = {
  'white space': { pattern: WHITE_SPACE, holds: ' \t\v\u0085\u00a0\u3000\u2028', lacks: '\ufeff\u200b\u180ea' },
  'a letter': { pattern: LETTER, holds: 'aé각々𠀀\u{10d4a}', lacks: '1_\u0301\u088f\ua7cf\u{10940}\u{3271c}' },
  'a number': { pattern: NUMBER, holds: '1²½Ⅷ①٣\u{10d40}', lacks: 'a\u{11de0}\u{16ff4}' },
  'a letter of a word': {
    pattern: WORD,
    holds: 'aé각1_\u0301\u0903\u200d\u{10d4a}',
    lacks: '- \u088f\u1acf\u{11de0}\u{1e6e3}\u{323b0}',
  },
  'BERT punctuation': {
    pattern: BERT_PUNCTUATION,
    holds: '!$+<=>^`|~¡、！\u166d\u2e42',
    lacks: 'a€\u061d\u2e43\u2e5d\u{1e95e}',
  },
  'what BERT removes': {
    pattern: BERT_CONTROL,
    holds: '\0\x07\u0085\u00ad\u200b\ue000\ufffd\ufeff',
    lacks: '\t\n\r \u0890\u08e2\u{13430}',
  },
  'an accent of BERT': {
    pattern: BERT_ACCENT,
    holds: '\u0301\u0483\u093c\u1734',
    lacks: '\u0903\u07fd\u0898\u{1e2ae}',
  },
  'a combining mark': {
    pattern: COMBINING_MARK,
    holds: '\u0301\u0903\u20dd\u1cf2',
    lacks: 'a\u0cf3\u1cf7\u{111c9}\u{1e2ae}',
  },
  'an ideograph of BERT': {
    pattern: BERT_IDEOGRAPH,
    holds: '漢㐀豈𠀀𪜀𫝀\u{2b920}',
    lacks: '가あ〇\u{2b820}\u{30000}',
  },
};

describe.each(Object.entries(BORDERS))('%s', (_, { pattern, holds, lacks }) => {
  test('has the characters that Python has', () => {
    const regex = new RegExp(`^${pattern}$`, 'v');
    expect(Array.from(holds).filter((character) => !regex.test(character))).toEqual([]);
    expect(Array.from(lacks).filter((character) => regex.test(character))).toEqual([]);
  });
});

test('lower case does not depend on the position in the word', () => {
  expect(normalizerOf({ type: 'Lowercase' })('ΟΔΟΣ İΣ')).toBe('οδοσ i̇σ');
});

test('an uncased BERT decomposes before it drops accents and lower-cases', () => {
  const normalize = normalizerOf({
    type: 'BertNormalizer',
    clean_text: true,
    handle_chinese_chars: true,
    lowercase: true,
  });
  expect(normalize('É漢\u0000각\u0898')).toBe('e 漢 각\u0898'.normalize('NFD'));
});

test('composition ignores characters added after Unicode 9', () => {
  const compose = normalizerOf({ type: 'NFC' });
  expect(compose('e\u0301')).toBe('é');
  expect(compose('\u{105d2}\u0307')).toBe('\u{105d2}\u0307');
  expect(compose('\u{16ff0}\u0301\u0323')).toBe('\u{16ff0}\u0323\u0301');
  expect(normalizerOf({ type: 'NFKC' })('㍻㋿ﬁ\u{10781}')).toBe('平成㋿fi\u{10781}');
});

test('a text is split where its script changes, by the scripts of Unicode 9', () => {
  const split = wordSplitterOf({ type: 'UnicodeScripts' });
  expect(split(' a é한국 カー漢, か1')).toEqual(['a é', '한국 ', 'カー漢', ', ', 'か', '1']);
  expect(split('a\u{11d00}б\u0589Ա\u{1e2ae} ')).toEqual(['a\u{11d00}', 'б', '\u0589', 'Ա\u{1e2ae} ']);
  expect(split(' \u{11d00}')).toEqual([]);
});
