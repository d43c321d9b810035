import { expect, it } from 'vitest';
import { groupPairs } from '../../src/evaluate/groups.js';

it('pairs are grouped by the tokens of their English texts, short to long, and by corpus, large to small', () => {
  const lengths = [10, 11, 78, 2, 20, 77, 50, 51];
  const keys = lengths.map((length, i) => ({ length, corpus: i < 2 ? 'small' : 'large' }));
  const groups = groupPairs(keys, ['length', 'corpus']).map(({ by, group, pairs }) => [by, group, [...pairs]]);
  expect(groups).toEqual([
    ['length', '1–10', [0, 3]],
    ['length', '11–20', [1, 4]],
    ['length', '41–50', [6]],
    ['length', '51–77', [5, 7]],
    ['length', 'over 77', [2]],
    ['corpus', 'large', [2, 3, 4, 5, 6, 7]],
    ['corpus', 'small', [0, 1]],
  ]);
});
