/** The items of a generator, each asked for before the one before it is used: making and using them overlap. */
export async function* oneAhead<T>(items: AsyncGenerator<T, void>): AsyncGenerator<T, void> {
  let next = items.next();
  try {
    for (;;) {
      const item = await next;
      if (item.done === true) return;
      next = items.next();
      next.catch(() => undefined); // thrown where it is awaited
      yield item.value;
    }
  } finally {
    await next.catch(() => undefined); // whoever stops early may free what the next one is made with
    await items.return();
  }
}
