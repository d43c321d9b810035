import { expect, it } from 'vitest';
import { oneAhead } from '../../src/base/one-ahead.js';

/** Yields 1 to `count`, and reports each as it is made; throws instead of yielding `broken`. */
function numbers(count: number, made: number[], broken?: number) {
  let isClosed = false;
  async function* give(): AsyncGenerator<number, void> {
    try {
      for (let i = 1; i <= count; i++) {
        if (i === broken) throw new Error(`no ${i}`);
        made.push(i);
        yield i;
        await Promise.resolve();
      }
    } finally {
      isClosed = true;
    }
  }
  return { items: give(), isClosed: () => isClosed };
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

it('yields everything in order, preparing the next meanwhile', async () => {
  const made: number[] = [];
  const seen: number[][] = [];
  for await (const item of oneAhead(numbers(3, made).items)) {
    await turn();
    seen.push([item, made.length]);
  }
  expect(seen).toEqual([
    [1, 2],
    [2, 3],
    [3, 3],
  ]);
});

it('throws after what was prepared before, and not earlier', async () => {
  const seen: number[] = [];
  const reading = (async () => {
    for await (const item of oneAhead(numbers(3, [], 3).items)) {
      await turn();
      seen.push(item);
    }
  })();
  await expect(reading).rejects.toThrow('no 3');
  expect(seen).toEqual([1, 2]);
});

it('closes its source when its reader stops, after the item in progress', async () => {
  const made: number[] = [];
  const { items, isClosed } = numbers(9, made);
  for await (const item of oneAhead(items)) if (item === 2) break;
  expect(isClosed()).toBe(true);
  expect(made).toEqual([1, 2, 3]);
});
