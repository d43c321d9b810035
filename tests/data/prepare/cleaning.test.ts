import { describe, expect, test } from 'vitest';
import { faultOf, foldText } from '../../../src/data/prepare/cleaning.js';

describe('a text', () => {
  test.each([
    ['white space is one blank, and none at the ends', '\ufeff 한국어\u3000\n  말 ', '한국어 말'],
    ['a line break alone is a blank', 'one\ntwo', 'one two'],
    ['a no-break space is a blank', 'one\u00a0two', 'one two'],
    ['Hangul in single letters is joined', '한국'.normalize('NFD'), '한국'],
    ['all else stays', 'It’s  “fine” — 100 %!', 'It’s “fine” — 100 %!'],
    ['white space alone is nothing', ' \t\u3000 ', ''],
  ])('%s', (_, text, expected) => {
    expect(foldText(text)).toBe(expected);
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
