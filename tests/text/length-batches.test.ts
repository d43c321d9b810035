import { expect, it } from 'vitest';
import { batchesByLength } from '../../src/text/length-batches.js';
import type { TextTokenizer } from '../../src/text/tokenizer.js';

/** A token a letter, its code; 0 is padding. */
const LETTERS: Pick<TextTokenizer, 'maxLength' | 'encodeInto'> = {
  maxLength: 4,
  encodeInto: (text, ids, at) => {
    for (let i = 0; i < 4; i++) ids[at + i] = i < text.length ? text.charCodeAt(i) : 0;
    return text.length;
  },
};
const batches = (
  texts: readonly string[],
  batchSize: number,
  placesFor: (tokens: number) => number = () => LETTERS.maxLength,
) => [...batchesByLength(texts, LETTERS as TextTokenizer, { batchSize, placesFor })];

it('groups texts of similar length, the longest first, with equal lengths in their original order', () => {
  const texts = ['a', 'bcd', 'efghij', '', 'klm', 'nopq', 'r'];
  const [first, second, third] = batches(texts, 3);
  // what is cut counts as long as what fills all places
  expect([first, second, third].map(({ places }) => [...places])).toEqual([[2, 5, 1], [4, 0, 6], [3]]);
  expect([...first.ids].map((id) => String.fromCharCode(id)).join('')).toBe('efghnopqbcd\0');
  expect([...first.mask]).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0]);
  expect([...first.lengths, ...third.lengths]).toEqual([6, 4, 3, 0]);
  expect([first, second, third].map(({ size, cut }) => [size, cut])).toEqual([
    [3, 1],
    [3, 0],
    [1, 0],
  ]);
});

it('returns each of many texts once', () => {
  const texts = Array.from({ length: 1000 }, (_, i) => 'x'.repeat((i * 7) % 6));
  const places = batches(texts, 32).flatMap((batch) => [...batch.places]);
  expect([...places].sort((a, b) => a - b)).toEqual([...texts.keys()]);
  const lengths = places.map((place) => Math.min(texts[place].length, 4));
  expect(lengths).toEqual([...lengths].sort((a, b) => b - a));
});

it('puts more short texts than long ones in a batch, with as many positions in all', () => {
  const texts = ['ab', 'c', 'defg', 'h', 'i', 'jklm', 'no', 'p', '', 'q', 'r'];
  const isCut = (tokens: number) => (tokens < 2 ? 2 : 4); // a place of padding included
  expect(batches(texts, 2, isCut).map(({ places }) => [...places])).toEqual([
    [2, 5],
    [0, 6],
    [1, 3, 4, 7],
    [9, 10, 8],
  ]);
  expect(batches(texts, 1, isCut).map(({ size }) => size)).toEqual([1, 1, 1, 1, 2, 2, 2, 1]);
});
