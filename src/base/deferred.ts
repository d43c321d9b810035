/** A promise that is settled from outside, like that of `Promise.withResolvers` in newer versions of Node. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

/** Creates a promise together with the functions that settle it. */
export function deferred<T>(): Deferred<T> {
  const made: Partial<{ -readonly [Name in keyof Deferred<T>]: Deferred<T>[Name] }> = {};
  made.promise = new Promise<T>((resolve, reject) => {
    made.resolve = resolve;
    made.reject = reject;
  });
  return made as Deferred<T>;
}
