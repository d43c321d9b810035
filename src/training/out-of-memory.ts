/** @file Out of memory in training: words a message with the batch size that would fit. */
import { InputError } from '../base/errors.js';
import { formatBytes } from '../base/format.js';
import { USABLE_SHARE } from './usable-memory.js';

/** Out of memory; the message says which batch size would fit. */
export class OutOfMemoryError extends InputError {
  override readonly code = 'OUT_OF_MEMORY';
  private readonly smaller: string | undefined;

  /**
   * @param found what was found, or the whole message
   * @param smaller what to do in a run that has not begun
   */
  constructor(found: string, smaller?: string) {
    super(smaller === undefined ? found : `${found}; ${smaller}`);
    this.smaller = smaller;
  }

  /** Changes the advice for a run that has begun, as its batch size stays. Returns the same object. */
  inBegunRun(): this {
    if (this.smaller === undefined) return this;
    const advice = `end what else uses the memory, or start another run: ${this.smaller}`;
    this.message = this.message.replace(this.smaller, () => advice);
    return this;
  }
}

/** The facts in an out-of-memory message. */
export interface OutOfMemoryFacts {
  /** What TensorFlow asked for. */
  readonly allocation: string;
  readonly batchSize: number;
  readonly accumulate: number;
  /** The bytes that the run is estimated to need, and the bytes free before it started, if that is known. */
  readonly needed: number;
  readonly free: number | undefined;
  /** The largest batch that would fit; Infinity if unknown. */
  readonly fits: number;
}

/**
 * `out of memory at --batch-size 512 (TensorFlow asked for …): it needs about 61.0 GB, and 22.0 GB was free; use
 * --batch-size 128 --accumulate 4, which is the same step, or --batch-size auto`
 */
export function outOfMemory({
  allocation,
  batchSize,
  accumulate,
  needed,
  free,
  fits,
}: OutOfMemoryFacts): OutOfMemoryError {
  const found =
    free === undefined
      ? "the GPU's memory is unknown"
      : `${formatBytes(free)} was free, ${100 * USABLE_SHARE}% of which, ${formatBytes(USABLE_SHARE * free)}, ` +
        'a run may use';
  const said =
    `out of memory at --batch-size ${batchSize} (TensorFlow asked for ${allocation}): ` +
    `it needs about ${formatBytes(needed)}, and ${found}`;
  return new OutOfMemoryError(said, smallerStep({ batchSize, accumulate, fits }));
}

/** `use --batch-size 128 --accumulate 4, which is the same step, or --batch-size auto` */
export function smallerStep({
  batchSize,
  accumulate,
  fits,
}: Pick<OutOfMemoryFacts, 'batchSize' | 'accumulate' | 'fits'>): string {
  const smaller = Math.min(fits, Math.ceil(batchSize / 2));
  if (smaller < 1 || batchSize === 1) return 'use smaller models, --precision bf16, or a device with more memory';
  const parts = Math.ceil(batchSize / smaller);
  const even = Math.ceil(batchSize / parts); // as close to the same step as equal micro-batches allow
  const step = even * parts === batchSize ? 'which is the same step' : 'nearly the same step';
  return `use --batch-size ${even} --accumulate ${accumulate * parts}, ${step}, or --batch-size auto`;
}
