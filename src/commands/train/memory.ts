/** @file How much memory a run needs, which batch fits, and what to say when memory ran out. */
import type { EngineOptions } from '../../distill/engine.js';
import { trainableParameters, type Distillation } from '../../distill/loss.js';
import { peakBytes } from '../../engine/graph/liveness.js';
import { buildStepGraph } from '../../engine/graph/step-graph.js';
import { InputError } from '../../errors.js';
import { formatBytes } from '../../format.js';
import { countParameters, sizeOf, type TextEncoder } from '../../models/text-encoder.js';
import { distillationOf, engineOptions, type EngineParts } from './engine-parts.js';

/** Bytes of a float32. */
const FLOAT = 4;

/** Bytes for micro-batches of so many pairs. */
export type MemoryNeed = (batchSize: number) => number;

/** Sizes by which a step's memory is told: between and beyond them it grows by the pair. */
const TRIED_SIZES = [32, 64] as const;

/** What TensorFlow takes before a model is there: 0.5 GB measured of a process on a processor; 0.3 more are assumed for CUDA's context. */
const RUNTIME_BYTES = { cpu: 0.5e9, gpu: 0.8e9 } as const;

/**
 * What TensorFlow's allocator takes for a byte that is needed: it hands out free pieces of up to twice the size, and gives none back.
 * Measured at full size, batch 32, on a processor: 1.37 without dropout, 1.46 with it.
 */
const FRAGMENTS = 1.42;

/**
 * What a run needs, in bytes: parameters and moments (and sums of gradients, with micro-batches) exactly; for a micro-batch what lives
 * at once between the ops of the recorded step, or what the eager engine keeps for the backward pass.
 *
 * @param length tokens a sentence
 */
export function memoryNeed(parts: EngineParts, length: number): MemoryNeed {
  const distillation = distillationOf(parts);
  const { teacher, student } = distillation;
  const trained =
    FLOAT * trainableParameters(distillation).reduce((sum, name) => sum + sizeOf(student.shapes[name]), 0);
  const models =
    (parts.engine.precision === 'bf16' ? FLOAT / 2 : FLOAT) * countParameters(teacher.shapes) +
    FLOAT * countParameters(student.shapes);
  const held = models + (parts.settings.accumulate > 1 ? 3 : 2) * trained;
  const stepBytes =
    parts.engine.engine === 'compiled'
      ? linear(TRIED_SIZES, (batchSize) => recordedBytes(distillation, { ...engineOptions(parts), batchSize }, length))
      : (batchSize: number) => trained + FLOAT * activations(student, 2 * batchSize, length);
  const runtime = RUNTIME_BYTES[parts.engine.device];
  return (batchSize) => runtime + FRAGMENTS * (held + Math.max(trained, stepBytes(batchSize))); // all gradients live before the first is applied
}

function recordedBytes(distillation: Distillation, options: EngineOptions, length: number): number {
  const graph = buildStepGraph(distillation, options, length);
  return peakBytes(graph, graph.passes.get(length)!.step!.stepped.name);
}

/** The line through two points of a function. */
function linear([a, b]: readonly [number, number], value: (at: number) => number): (at: number) => number {
  const [low, high] = [value(a), value(b)];
  return (at) => low + ((high - low) * (at - a)) / (b - a);
}

/**
 * Values that the eager engine keeps of a forward pass until the backward pass is through, counted over the ops of
 * `models/`: a layer's feed-forward block keeps 4 tensors of `[N, F]`, attention 5 of `[B, H, L, L]`, and 24 tensors of
 * `[N, D]` come from products, transposes, residuals and LayerNorms.
 */
function activations({ config }: TextEncoder, sentences: number, length: number): number {
  const rows = sentences * length;
  const perLayer =
    rows * (24 * config.hiddenSize + 4 * config.intermediateSize) +
    5 * sentences * config.numAttentionHeads * length * length;
  return config.numHiddenLayers * perLayer;
}

/** Share of what is free that a run may take: the rest is for others on the machine, and for what the estimate lacks. */
const MARGIN = 0.85;

/** Micro-batches larger than this gain nothing any more on any device. */
const LARGEST_BATCH = 4096;

/**
 * The largest micro-batch that fits by the estimate, a multiple of 8 from 8 on (tensor cores work in tiles of 8).
 *
 * @param free bytes
 * @returns 0 where not even one pair fits
 */
export function largestBatch(need: MemoryNeed, free: number): number {
  const fits = (batchSize: number): boolean => need(batchSize) <= MARGIN * free;
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
  if (!/RESOURCE_EXHAUSTED|Resource exhausted|OOM when allocating|out of memory|bad_alloc/i.test(text))
    return undefined;
  return (
    /OOM when allocating tensor with (shape\[[\d,]*\](?: and type \w+)?)/.exec(text)?.[1] ??
    /(allocate \d+ ?bytes)/.exec(text)?.[1] ??
    'more'
  );
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
  if (smaller < 1 || batchSize === 1)
    return `${said}; take smaller models, --precision bf16, or a device with more memory`;
  const parts = Math.ceil(batchSize / smaller);
  const even = Math.ceil(batchSize / parts); // as near to the same step as whole micro-batches come
  return `${said}; take --batch-size ${even} --accumulate ${accumulate * parts}, ${even * parts === batchSize ? 'which is the same step' : 'nearly the same step'}, or --batch-size auto`;
}
