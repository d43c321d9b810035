import { trainableParameters, type Distillation } from '../../distill/loss.js';
import { InputError } from '../../errors.js';
import { countParameters, sizeOf, type TextEncoder } from '../../models/text-encoder.js';
import { formatBytes } from '../../format.js';

/** Bytes of a float32. */
const FLOAT = 4;

export interface MemoryEstimate {
  /** Parameters of both models, and the optimiser's two moments. */
  readonly held: number;
  /** Gradients and activations of one micro-batch. */
  readonly batch: number;
  readonly total: number;
}

/**
 * What a run needs, in bytes: parameters, moments and gradients exactly, activations by counting what the student's
 * backward pass keeps of every layer (float32).
 *
 * @param batchSize pairs a micro-batch: the student sees twice as many sentences
 * @param length tokens a sentence
 */
export function estimateMemory(distillation: Distillation, batchSize: number, length: number): MemoryEstimate {
  const { teacher, student } = distillation;
  const trained = trainableParameters(distillation).reduce((sum, name) => sum + sizeOf(student.shapes[name]), 0);
  const held = FLOAT * (countParameters(teacher.shapes) + countParameters(student.shapes) + 2 * trained);
  const batch = FLOAT * (trained + activations(student, 2 * batchSize, length));
  return { held, batch, total: held + batch };
}

/**
 * Values that the eager engine keeps of a forward pass until the backward pass is through, counted over the ops of
 * `models/`: a layer's feed-forward block keeps 4 tensors of `[N, F]`, attention 5 of `[B, H, L, L]`, and 24 tensors of
 * `[N, D]` come from products, transposes, residuals and LayerNorms.
 */
function activations({ config }: TextEncoder, sentences: number, length: number): number {
  const rows = sentences * length;
  const perLayer = rows * (24 * config.hiddenSize + 4 * config.intermediateSize) + 5 * sentences * config.numAttentionHeads * length * length;
  return config.numHiddenLayers * perLayer;
}

/** Share of what is free that a run may take: the rest is for fragments of the allocator and for others on the machine. */
const MARGIN = 0.85;

/** What TensorFlow takes before a model is there: 0.4 GB measured of a bare process on a processor; as much again is assumed for CUDA's context. */
const RUNTIME_BYTES = 0.8e9;

/** Micro-batches larger than this gain nothing any more on any device. */
const LARGEST_BATCH = 4096;

/**
 * The largest micro-batch that fits by the estimate, a multiple of 8 from 8 on (tensor cores work in tiles of 8).
 *
 * @param free bytes
 * @returns 0 where not even one pair fits
 */
export function largestBatch(distillation: Distillation, free: number, length: number): number {
  const fits = (batchSize: number): boolean => estimateMemory(distillation, batchSize, length).total + RUNTIME_BYTES <= MARGIN * free;
  let [low, high] = [0, LARGEST_BATCH]; // low fits, high + 1 does not
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle - 1;
  }
  return low >= 8 ? low - (low % 8) : low;
}

/** Whether an error is TensorFlow's for memory that it could not get, and of what: its own words, `shape[64,768] and type float`. */
export function exhausted(error: unknown): string | undefined {
  const text = error instanceof Error ? error.message : String(error);
  if (!/RESOURCE_EXHAUSTED|Resource exhausted|OOM when allocating|out of memory|bad_alloc/i.test(text)) return undefined;
  return /OOM when allocating tensor with (shape\[[\d,]*\](?: and type \w+)?)/.exec(text)?.[1] ?? /(allocate \d+ ?bytes)/.exec(text)?.[1] ?? 'more';
}

/** Memory ran out; the message says which batch size would fit. */
export class Shortage extends InputError {}

/** What one line about exhausted memory is made of. */
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
 * `out of memory at --batch-size 512 (TensorFlow asked for …): it needs about 61.0 GB, and 22.0 GB were free; take
 * --batch-size 128 --accumulate 4, which is the same step, or --batch-size auto`
 */
export function exhaustionMessage({ asked, batchSize, accumulate, needed, free, fits }: Exhaustion): string {
  const smaller = Math.min(fits, Math.ceil(batchSize / 2));
  const said = `out of memory at --batch-size ${batchSize} (TensorFlow asked for ${asked}): it needs about ${formatBytes(needed)}, and ${formatBytes(free)} were free`;
  if (smaller < 1 || batchSize === 1) return `${said}; take smaller models, --precision bf16, or a device with more memory`;
  const parts = Math.ceil(batchSize / smaller);
  const even = Math.ceil(batchSize / parts); // as near to the same step as whole micro-batches come
  return `${said}; take --batch-size ${even} --accumulate ${accumulate * parts}, ${even * parts === batchSize ? 'which is the same step' : 'nearly the same step'}, or --batch-size auto`;
}
