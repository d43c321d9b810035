import { expect, it } from 'vitest';
import { hangingText, padText, shortenText, wrapText } from '../../src/base/wrap.js';

it.each([
  ['fits', 4, ['fits']],
  ['one two  three', 8, ['one two', 'three']],
  [
    'run `npm run setup -- --device auto`, which finds it',
    36,
    ['run', '`npm run setup -- --device auto`,', 'which finds it'],
  ],
  ['가나다 라마바 사', 9, ['가나다', '라마바 사']],
  ['in /data/.cache/kd/library', 14, ['in /data/', '.cache/kd/', 'library']],
  ['0123456789', 4, ['0123', '4567', '89']],
])('%j takes at most %i columns', (text, width, lines) => {
  expect(wrapText(text, width)).toEqual(lines);
});

it('a text stays in its column', () => {
  expect(hangingText('disk', 'too little of it', 6, 17)).toBe('disk  too little\n      of it');
});

it('a Korean letter takes two columns', () => {
  expect(hangingText('문장', 'too little', 6, 17)).toBe('문장  too little');
  expect(padText('말뭉치', 8)).toBe('말뭉치  ');
  expect(shortenText('말뭉치', 6)).toBe('말뭉치');
  expect(shortenText('말뭉치', 5)).toBe('말뭉…');
  expect(shortenText('말뭉치', 4)).toBe('말…');
  expect(shortenText('말뭉치', 1)).toBe('…');
  expect(shortenText('말뭉치', 0)).toBe('');
});
