/** @file Recognises TensorFlow's out-of-memory errors. */

/** TensorFlow's words, those of its status codes, CUDA's and those of CUDA's libraries, in errors with another code. */
const OUT_OF_MEMORY =
  /RESOURCE_EXHAUSTED|Resource exhausted|OOM when allocating|out[ _]of[ _]memory|bad_alloc|_STATUS_ALLOC_FAILED/i;

/** What TensorFlow failed to allocate, in its own words: `shape[64,768] and type float`. Undefined for other errors. */
export function failedAllocation(error: unknown): string | undefined {
  const text = error instanceof Error ? error.message : String(error);
  const isCoded = error instanceof Error && 'code' in error && error.code === 'RESOURCE_EXHAUSTED';
  if (!isCoded && !OUT_OF_MEMORY.test(text)) return undefined;
  const shape = /OOM when allocating (?:temporary )?tensor (?:with|of) shape ?(\[[\d,]*\](?: and type \w+)?)/.exec(
    text,
  );
  if (shape !== null) return `shape${shape[1]}`;
  const [, size] = /allocat(?:e|ing|e request for) ([\d.]+ ?(?:bytes|[KMGT]iB))/.exec(text) ?? [];
  return size === undefined ? 'more' : `allocate ${size}`;
}
