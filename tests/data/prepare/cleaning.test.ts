import { describe, expect, test } from 'vitest';
import { faultOf, foldText, visibleText } from '../../../src/data/prepare/cleaning.js';

describe('a text', () => {
  test.each([
    ['white space becomes one space, and is trimmed', '\ufeff 한국어\u3000\n  말 ', '한국어 말'],
    ['a line break becomes a space', 'one\ntwo', 'one two'],
    ['a no-break space becomes a space', 'one\u00a0two', 'one two'],
    ['decomposed Hangul is composed', '한국'.normalize('NFD'), '한국'],
    ['everything else stays', 'It’s  “fine” — 100 %!', 'It’s “fine” — 100 %!'],
    ['white space alone becomes empty', ' \t\u3000 ', ''],
    ['U+0085 is white space', '\u0085one\u0085two\u0085', 'one two'],
    ['a byte order mark is removed, and does not separate words', 'one\ufeffword \ufeff two', 'oneword two'],
    ['invisible characters inside a word are removed', 'co\u00adoperate', 'cooperate'],
    ['invisible characters between spaces are removed', 'one \u200b \u200d two', 'one two'],
    ['invisible characters at the ends are removed', '\u2060\u200done\u200e \ufe0f', 'one'],
    ['a joiner with nothing to join is removed', '\u200done\u200d \u200c two', 'one two'],
    ['invisible characters do not separate a letter from its accent', 'e\u034f\u0301', '\u00e9'],
    ['control characters are removed, and do not separate words', 'wo\u0008rd\u001f\u007f two\u0080', 'word two'],
    ['control characters do not separate a letter from its accent', 'e\u0001\u0301', '\u00e9'],
    ['vertical tabs and form feeds are white space', 'one\u000btwo\u000cthree', 'one two three'],
    ['emoji keep their joiners and selectors', '👩‍👩‍👧 ❤️ 1️⃣ 🏴󠁧󠁢󠁥󠁮󠁧󠁿', '👩‍👩‍👧 ❤️ 1️⃣ 🏴󠁧󠁢󠁥󠁮󠁧󠁿'],
  ])('%s', (_, text, expected) => {
    expect(foldText(text)).toBe(expected);
  });
});

describe('the comparison key of a text', () => {
  test('is the text itself if all of it is visible', () => {
    for (const text of ['빨간 공', 'It’s  “fine” — 100 %!', '⠀', 'e\u0301']) expect(visibleText(text)).toBe(text);
  });

  test.each([
    ['between emoji', '👩\u200d👧 ❤\ufe0f', '👩👧 ❤'],
    ['between letters', 'می\u200cخواهم', 'میخواهم'],
    ['after ideographs', '葛\u{e0100}城', '葛城'],
  ])('lacks joiners and selectors: %s', (_, text, expected) => {
    expect(foldText(text)).toBe(text);
    expect(visibleText(text)).toBe(expected);
  });

  test('is empty if there is nothing else', () => {
    const invisible = [0xad, 0x34f, 0x61c, 0x115f, 0x1160, 0x17b4, 0x180b, 0x180e, 0x200b, 0x200f, 0x202a, 0x2060];
    const others = [
      0x2065, 0x206f, 0x3164, 0xfe0f, 0xfeff, 0xffa0, 0xfff0, 0x1bca0, 0x1d173, 0xe0001, 0xe0100, 0xe0fff,
    ];
    const control = [0x0, 0x8, 0xe, 0x1b, 0x1c, 0x1f, 0x7f, 0x80, 0x84, 0x86, 0x9f];
    const white = [
      0x9, 0xa, 0xb, 0xc, 0xd, 0x20, 0x85, 0xa0, 0x1680, 0x2000, 0x200a, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000,
    ];
    for (const code of [...invisible, ...others, ...control, ...white]) {
      expect(visibleText(foldText(String.fromCodePoint(code, code))), code.toString(16)).toBe('');
    }
    const all = String.fromCodePoint(
      ...[...invisible, ...others, ...control, ...white].flatMap((code) => [code, 0x20]),
    );
    expect(visibleText(foldText(all))).toBe('');
  });
});

describe('a pair', () => {
  test.each([
    ['차', 'car', undefined],
    ['', 'car', 'empty'],
    ['차', '', 'empty'],
    ['', '', 'empty'],
    ['차', '차', 'identical'],
    ['car', 'car', 'identical'],
    ['the car', 'car', 'no_hangul'],
    ['車', 'car', 'no_hangul'],
    ['ㅋㅋ', 'haha', undefined],
    ['BTS의 노래', 'a song by BTS', undefined],
  ])('%j, %j: %s', (ko, en, fault) => {
    expect(faultOf(ko, en)).toBe(fault);
  });
});
