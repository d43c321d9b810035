/** @file Out of memory: recognised by TensorFlow's error, reported with the batch size that would fit. */
import { InputError } from '../base/errors.js';
import { formatBytes } from '../base/format.js';
import { USABLE_SHARE } from './usable-memory.js';

/**
 * Whether an error is TensorFlow's for memory that it could not get, and of what: its own words,
 * `shape[64,768] and type float`.
 */
export function exhausted(error: unknown): string | undefined {
  const text = error instanceof Error ? error.message : String(error);
  const isCoded = error instanceof Error && 'code' in error && error.code === 'RESOURCE_EXHAUSTED';
  if (!isCoded && !/RESOURCE_EXHAUSTED|Resource exhausted|OOM when allocating|out of memory|bad_alloc/i.test(text))
    return undefined;
  return (
    /OOM when allocating tensor with (shape\[[\d,]*\](?: and type \w+)?)/.exec(text)?.[1] ??
    /(allocate \d+ ?bytes)/.exec(text)?.[1] ??
    'more'
  );
}

/** Out of memory; the message says which batch size would fit. */
export class OutOfMemory extends InputError {
  override readonly code = 'OUT_OF_MEMORY';
}

/** The facts in the message about exhausted memory. */
export interface Exhaustion {
  /** What TensorFlow asked for. */
  readonly asked: string;
  readonly batchSize: number;
  readonly accumulate: number;
  /** Bytes that this run estimates to need, and that were free before it began. */
  readonly needed: number;
  readonly free: number;
  /** The largest batch that would fit. */
  readonly fits: number;
}

/**
 * `out of memory at --batch-size 512 (TensorFlow asked for …): it needs about 61.0 GB, and 22.0 GB was free; use
 * --batch-size 128 --accumulate 4, which is the same step, or --batch-size auto`
 */
export function exhaustionMessage({ asked, batchSize, accumulate, needed, free, fits }: Exhaustion): string {
  const smaller = Math.min(fits, Math.ceil(batchSize / 2));
  const usable = `${100 * USABLE_SHARE}% of which, ${formatBytes(USABLE_SHARE * free)}, a run may use`;
  const said =
    `out of memory at --batch-size ${batchSize} (TensorFlow asked for ${asked}): ` +
    `it needs about ${formatBytes(needed)}, and ${formatBytes(free)} was free, ${usable}`;
  if (smaller < 1 || batchSize === 1)
    return `${said}; use smaller models, --precision bf16, or a device with more memory`;
  const parts = Math.ceil(batchSize / smaller);
  const even = Math.ceil(batchSize / parts); // as near to the same step as whole micro-batches come
  const step = even * parts === batchSize ? 'which is the same step' : 'nearly the same step';
  return `${said}; use --batch-size ${even} --accumulate ${accumulate * parts}, ${step}, or --batch-size auto`;
}
