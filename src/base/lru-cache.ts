/**
 * An LRU cache: each value is made once, and made again if that failed.
 *
 * @param capacity how many values are kept
 */
export function lruCache<T>(capacity: number): (key: string, make: () => Promise<T>) => Promise<T> {
  const held = new Map<string, Promise<T>>();
  return (key, make) => {
    const value = held.get(key) ?? make();
    held.delete(key);
    held.set(key, value); // the newest is the last
    value.catch(() => {
      if (held.get(key) === value) held.delete(key); // else it has been made again
    });
    if (held.size > capacity) held.delete(held.keys().next().value!);
    return value;
  };
}
