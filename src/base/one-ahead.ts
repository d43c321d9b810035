/** Prefetches a generator by one item: the next item is requested before the current one is used, so both overlap. */
export async function* oneAhead<T>(items: AsyncGenerator<T, void>): AsyncGenerator<T, void> {
  let next = items.next();
  try {
    for (;;) {
      const item = await next;
      if (item.done === true) return;
      next = items.next();
      next.catch(() => undefined); // rethrown where it is awaited
      yield item.value;
    }
  } finally {
    await next.catch(() => undefined); // a consumer that stops early may then free what the next item is made from
    await items.return();
  }
}
