/** @file Ending work early by an `AbortSignal`. */

/**
 * Awaits a promise, unless the signal is aborted first.
 *
 * @param patience milliseconds in which the work may still end by itself after an abort, and clean up; asked then
 * @throws what the work throws; the signal's reason, if the work has not ended in time after an abort
 */
export async function untilAborted<T>(
  work: Promise<T>,
  signal: AbortSignal | undefined,
  patience: () => number = () => 0,
): Promise<T> {
  if (signal === undefined) return work;
  work.catch(() => undefined); // nobody awaits it after an abort
  let timer: NodeJS.Timeout | undefined;
  let stop: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    const end = (): void => {
      reject(signal.reason as Error);
    };
    stop = () => {
      const milliseconds = patience();
      if (milliseconds === 0) end();
      else if (milliseconds < Infinity) timer = setTimeout(end, milliseconds);
    };
    signal.addEventListener('abort', stop);
  });
  if (signal.aborted) stop();
  try {
    return await Promise.race([aborted, work]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
}

/**
 * Passes items on until the signal is aborted.
 *
 * @throws the signal's reason, instead of giving another item
 */
export async function* itemsUntilAborted<T>(
  items: AsyncIterable<T>,
  signal: AbortSignal | undefined,
): AsyncGenerator<T> {
  for await (const item of items) {
    signal?.throwIfAborted();
    yield item;
  }
}
