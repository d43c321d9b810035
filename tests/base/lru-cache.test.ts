import { expect, it } from 'vitest';
import { lruCache } from '../../src/base/lru-cache.js';

/** A cache of two values, and the keys of those that were made, in order. */
function cacheOfTwo(): { get: (key: string) => Promise<string>; made: string[] } {
  const cached = lruCache<string>(2);
  const made: string[] = [];
  const make = (key: string): Promise<string> => {
    made.push(key);
    return Promise.resolve(key.toUpperCase());
  };
  return { get: (key) => cached(key, () => make(key)), made };
}

it('each value is made once, even if it is asked for again before it is there', async () => {
  const { get, made } = cacheOfTwo();
  expect(await Promise.all([get('a'), get('a')])).toEqual(['A', 'A']);
  expect(await get('a')).toBe('A');
  expect(made).toEqual(['a']);
});

it('the value that has not been used for longest is dropped', async () => {
  const { get, made } = cacheOfTwo();
  for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) await get(key);
  expect(made).toEqual(['a', 'b', 'c', 'b']);
});

it('a value that could not be made is made again', async () => {
  const cached = lruCache<string>(2);
  await expect(cached('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await cached('a', () => Promise.resolve('A'))).toBe('A');
});
