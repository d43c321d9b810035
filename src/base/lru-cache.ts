/**
 * Creates an LRU cache. Each value is made once; if making it fails, the next request makes it again.
 *
 * @param capacity how many values are kept
 */
export function lruCache<T>(capacity: number): (key: string, make: () => Promise<T>) => Promise<T> {
  const held = new Map<string, Promise<T>>();
  return (key, make) => {
    const value = held.get(key) ?? make();
    held.delete(key);
    held.set(key, value); // most recently used last
    value.catch(() => {
      if (held.get(key) === value) held.delete(key); // it may already have been made again
    });
    if (held.size > capacity) held.delete(held.keys().next().value!);
    return value;
  };
}
