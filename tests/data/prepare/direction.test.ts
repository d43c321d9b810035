import { describe, expect, test } from 'vitest';
import { hasHangul, isReversed } from '../../../src/data/prepare/direction.js';

describe('a pair', () => {
  test.each([
    ['빨간 공', 'a red ball', false],
    ['a red ball', '빨간 공', true],
    ['a red ball', 'a blue ball', false],
    ['10:30', '오전 10시 30분', true],
    ['삼성 Galaxy S21 Ultra 5G 출시', 'The Samsung Galaxy S21 Ultra 5G is out', false],
    ['The Samsung Galaxy S21 Ultra 5G is out', 'Samsung Galaxy S21 Ultra 5G 출시', true],
    ["정이라는 말은 'affection'으로 옮긴다", "The word 정 is rendered as 'affection'", false],
    ["The word 정 is rendered as 'affection'", "정이라는 말은 'affection'으로 옮긴다", true],
    ['빨간 공', '파란 공', false],
    ['Apple iPhone 15 Pro Max 공개', 'Apple iPhone 15 Pro Max (아이폰)', false],
    ['Apple iPhone 15 Pro Max 공개', 'Galaxy (갤럭시)', false],
    ['Galaxy 갤럭시노', '갤럭시 ab', true],
    ['', '빨간 공', true],
    ['빨간 공', '', false],
    ['1', '2', false],
  ])('%j, %j is swapped: %j', (ko, en, expected) => {
    expect(isReversed(ko, en)).toBe(expected);
  });
});

test('Hangul is a syllable or a letter, not another script', () => {
  expect(['가', 'ㅋ', '\u1100', 'a', '車', 'かな', '1', ''].map(hasHangul)).toEqual([
    true,
    true,
    true,
    false,
    false,
    false,
    false,
    false,
  ]);
});
