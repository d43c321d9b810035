import { describe, expect, it } from 'vitest';
import { isCommon } from '#dist/text/common-text.js';
import { normalizerOf } from '#dist/text/normalizer.js';
import { wordSplitterOf } from '#dist/text/word-splitter.js';

/**
 * Printable ASCII in every order of two, and runs of Hangul syllables with it: texts that have the shorter patterns. A
 * text with the euro sign behind it has the whole ones, and gives the same with the euro sign behind it.
 */
const ASCII = Array.from({ length: 0x7f - 0x20 }, (_, i) => String.fromCharCode(0x20 + i));
const SYLLABLES = Array.from('가각갂뷁한글힣');
const EURO = '\u20ac';

const PAIRS = [...ASCII, ...SYLLABLES].flatMap((first) => [...ASCII, ...SYLLABLES].map((second) => first + second));
const SENTENCES = [
  ...PAIRS,
  "I'm 12,345th; they'LL say «no»: don't!",
  '제3회 "서울" 대회에서 42.195km를 뛰었다.',
  '가  나   다',
]
  .map((text, index) => `${text}${SYLLABLES[index % SYLLABLES.length]}${text}.`)
  .filter(isCommon);

const CLIP = {
  type: 'Split',
  behavior: 'Removed',
  invert: true,
  pattern: { Regex: "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+" },
};

describe('common texts, for which patterns are shorter', () => {
  it('are distinguished from others at the edges of their ranges', () => {
    expect(['', ' ', '~', '가', '힣'].every(isCommon)).toBe(true);
    for (const character of ['\t', '\u007f', '\u00a0', '\uabff', '\ud7a4', '一', '\u{1f600}']) {
      expect(isCommon(`가${character}a`)).toBe(false);
    }
  });

  it.each([
    ["CLIP's", CLIP],
    ["GPT-2's", { type: 'ByteLevel', add_prefix_space: false }],
    ["BERT's", { type: 'BertPreTokenizer' }],
  ])('are split into words as with the full pattern: %s', (_, config) => {
    const split = wordSplitterOf(config);
    for (const text of SENTENCES) {
      const expected = split(`${text} ${EURO}`);
      expect(expected.at(-1)!.trim()).toBe(EURO);
      expect(split(text)).toEqual(expected.slice(0, -1));
    }
  });

  it.each([
    ['NFC', { type: 'NFC' }],
    ['NFD', { type: 'NFD' }],
    ["CLIP's white space", { type: 'Replace', pattern: { Regex: '\\s+' }, content: ' ' }],
    ["BERT's, cased", { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, lowercase: false }],
    ["BERT's, uncased", { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, lowercase: true }],
  ])('are normalised as with the full pattern: %s', (_, config) => {
    const normalize = normalizerOf(config);
    for (const text of SENTENCES) expect(`${normalize(text)}${EURO}`).toBe(normalize(`${text}${EURO}`));
  });
});
