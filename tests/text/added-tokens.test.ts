import { expect, test } from 'vitest';
import { AddedVocabulary } from '../../src/text/added-vocabulary.js';
import { sectionSplitter } from '../../src/text/added-tokens.js';
import { normalizerOf } from '../../src/text/normalizer.js';

const lowercase = normalizerOf({ type: 'Lowercase' });

test('a new token gets the number of tokens as its id, as in tokenizers 0.23, even if the vocabulary has gaps', () => {
  const added = new AddedVocabulary({ a: 0, '<s>': 109, '</s>': 3, b: 2 }, 'tokenizer.json');
  const settings = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
  for (const content of ['</s>', '<s>', 'tok', '<x>', 'tok']) added.add({ content, ...settings });
  expect(added.tokens().map(({ content, id }) => [content, id])).toEqual([
    ['</s>', 3],
    ['tok', 4],
    ['<x>', 5],
    ['<s>', 109],
  ]);
  const taken = new AddedVocabulary({ a: 0, '<s>': 2 }, 'tokenizer.json');
  for (const content of ['<s>', 'tok']) taken.add({ content, ...settings });
  expect(taken.tokens().map(({ content, id }) => [content, id])).toEqual([['tok', 2]]);
});

test('a text without added tokens is one normalised section, and an empty text none', () => {
  const split = sectionSplitter([], lowercase);
  expect(split('A Cat')).toEqual(['a cat']);
  expect(split('')).toEqual([]);
});

test('the longest of several tokens at a position is matched', () => {
  const split = sectionSplitter(
    [
      { id: 1, content: '<a' },
      { id: 2, content: '<a>' },
    ].map(raw),
    lowercase,
  );
  expect(split('X<a>Y<aZ')).toEqual(['x', 2, 'y', 1, 'z']);
});

test('a token is matched in the raw text, or in the normalised text and itself normalised', () => {
  const split = sectionSplitter(
    [raw({ id: 1, content: '<A>' }), { id: 2, content: '<B>', normalized: true }],
    lowercase,
  );
  expect(split('<a><A><b><B>')).toEqual(['<a>', 1, 2, 2]);
});

test('a single-word token is not matched inside a word', () => {
  const split = sectionSplitter([raw({ id: 1, content: 'cat', single_word: true })], lowercase);
  expect(split('cat scatter cat, 고cat cat')).toEqual([1, ' scatter ', 1, ', 고cat ', 1]);
});

test('a token includes the white space it asks for, even U+0085', () => {
  const left = sectionSplitter([raw({ id: 1, content: '<m>', lstrip: true })], lowercase);
  expect(left('a \u0085<m> b')).toEqual(['a', 1, ' b']);
  const right = sectionSplitter([raw({ id: 1, content: '<m>', rstrip: true })], lowercase);
  expect(right('a <m>\u3000\u0085b <m>  ')).toEqual(['a ', 1, 'b ', 1]);
});

test('a token of white space that the one before it has taken is not there again', () => {
  const both = sectionSplitter([raw({ id: 1, content: '  ', lstrip: true, rstrip: true })], lowercase);
  expect(both('a     b')).toEqual(['a', 1, 'b']);
  const right = sectionSplitter([raw({ id: 1, content: '  ', rstrip: true })], lowercase);
  expect(right('a     b')).toEqual(['a', 1, 1, 'b']);
});

function raw<T>(token: T): T & { normalized: false } {
  return { ...token, normalized: false };
}
