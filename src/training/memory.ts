/** @file How much memory a run needs, which batch fits, and what to say when memory ran out. */
import { targetShape, trainableParameters, type Distillation } from '../distill/loss.js';
import { peakBytes } from '../engine/graph/liveness.js';
import { buildStepGraph, type StepGraph } from '../engine/graph/step-graph.js';
import { InputError } from '../base/errors.js';
import { formatBytes } from '../base/format.js';
import { countParameters, sizeOf, type TextEncoder } from '../models/text-encoder.js';
import { distillationOf, engineOptions, type EngineParts } from './engine-parts.js';

/** Bytes of a float32. */
const FLOAT = 4;

/** Bytes for micro-batches of so many pairs. */
export type MemoryNeed = (batchSize: number) => number;

/** Sizes by which a step's memory is told: between and beyond them it grows by the pair. */
const TRIED_SIZES = [32, 64] as const;

/**
 * What TensorFlow takes before a model is there: 0.5 GB measured of a process on a processor; 0.3 more are assumed for
 * CUDA's context.
 */
const RUNTIME_BYTES = { cpu: 0.5e9, gpu: 0.8e9 } as const;

/**
 * What TensorFlow's allocator takes for a byte that is needed: it hands out free pieces of up to twice the size, and
 * gives none back. Measured at full size, batch 32, on a processor: 1.37 without dropout, 1.46 with it.
 */
const FRAGMENTS = 1.42;

/**
 * What a run needs, in bytes: parameters and moments (and sums of gradients, with micro-batches) exactly; for a
 * micro-batch what lives at once between the ops of the recorded step, or what the eager engine keeps for the backward
 * pass.
 *
 * A run that caches its teacher's outputs holds the teacher while it fills the cache, and trains without it: the larger
 * of both is what it needs.
 *
 * @param length tokens a sentence
 */
export function memoryNeed(parts: EngineParts, length: number): MemoryNeed {
  const phases =
    parts.settings.cacheTeacher === undefined
      ? [trainingNeed(parts, length, 'computed')]
      : [fillingNeed(parts, length), trainingNeed(parts, length, 'given')];
  const runtime = RUNTIME_BYTES[parts.engine.device];
  return (batchSize) => runtime + FRAGMENTS * Math.max(...phases.map((need) => need(batchSize)));
}

/** What steps need: all gradients live before the first is applied. */
function trainingNeed(parts: EngineParts, length: number, targets: 'computed' | 'given'): MemoryNeed {
  const distillation = distillationOf(parts);
  const trained = trainedBytes(distillation);
  const held = heldBytes(parts) - (targets === 'given' ? teacherBytes(parts) : 0);
  // The teacher's outputs: a recorded graph that computes them counts them itself.
  const targetBytes = (batchSize: number): number =>
    targets === 'given' || parts.engine.engine === 'eager'
      ? FLOAT * sizeOf(targetShape(distillation, batchSize, length))
      : 0;
  const stepBytes =
    parts.engine.engine === 'compiled'
      ? recordedNeed(parts, length, targets, ({ passes }) => passes.get(length)!.step!.stepped.name)
      : (batchSize: number) => trained + FLOAT * activations(distillation.student, 2 * batchSize, length);
  return (batchSize) => held + Math.max(trained, targetBytes(batchSize) + stepBytes(batchSize));
}

/** What computing the teacher's outputs for a cache needs: the student is on the engine, too. */
function fillingNeed(parts: EngineParts, length: number): MemoryNeed {
  const { teacher } = distillationOf(parts);
  const held = heldBytes(parts);
  const outputBytes =
    parts.engine.engine === 'compiled'
      ? recordedNeed(parts, length, 'computed', ({ taught }) => taught!.name)
      : // no layer's outlive it
        (batchSize: number) => (FLOAT * activations(teacher, batchSize, length)) / teacher.config.numHiddenLayers;
  return (batchSize) => held + outputBytes(batchSize);
}

/** Both models, the moments, and sums of gradients. */
function heldBytes(parts: EngineParts): number {
  const distillation = distillationOf(parts);
  const copies = parts.settings.accumulate > 1 ? 3 : 2;
  return (
    teacherBytes(parts) + FLOAT * countParameters(distillation.student.shapes) + copies * trainedBytes(distillation)
  );
}

function teacherBytes(parts: EngineParts): number {
  const bytes = parts.engine.precision === 'bf16' ? FLOAT / 2 : FLOAT;
  return bytes * countParameters(distillationOf(parts).teacher.shapes);
}

function trainedBytes(distillation: Distillation): number {
  const { shapes } = distillation.student;
  return FLOAT * trainableParameters(distillation).reduce((sum, name) => sum + sizeOf(shapes[name]), 0);
}

/** What lives at once in a recorded graph while one of its nodes is fetched. */
function recordedNeed(
  parts: EngineParts,
  length: number,
  targets: 'computed' | 'given',
  fetched: (graph: StepGraph) => string,
): MemoryNeed {
  return linear(TRIED_SIZES, (batchSize) => {
    const graph = buildStepGraph(distillationOf(parts), { ...engineOptions(parts), batchSize, targets }, length);
    return peakBytes(graph, fetched(graph));
  });
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

/**
 * Share of what is free that a run may take: the rest is for others on the machine, and for what the estimate lacks.
 */
export const USABLE_SHARE = 0.85;

/** Micro-batches larger than this gain nothing any more on any device. */
const LARGEST_BATCH = 4096;

/**
 * The largest micro-batch that fits by the estimate, a multiple of 8 from 8 on (tensor cores work in tiles of 8).
 *
 * @param free bytes
 * @returns 0 where not even one pair fits
 */
export function largestBatch(need: MemoryNeed, free: number): number {
  const fits = (batchSize: number): boolean => need(batchSize) <= USABLE_SHARE * free;
  let [low, high] = [0, LARGEST_BATCH]; // low fits, high + 1 does not
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (fits(middle)) low = middle;
    else high = middle - 1;
  }
  return low >= 8 ? low - (low % 8) : low;
}

/**
 * Whether an error is TensorFlow's for memory that it could not get, and of what: its own words, `shape[64,768] and
 * type float`.
 */
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
  const usable = `of which ${100 * USABLE_SHARE} %, ${formatBytes(USABLE_SHARE * free)}, are for a run`;
  const said =
    `out of memory at --batch-size ${batchSize} (TensorFlow asked for ${asked}): ` +
    `it needs about ${formatBytes(needed)}, and ${formatBytes(free)} were free, ${usable}`;
  if (smaller < 1 || batchSize === 1)
    return `${said}; take smaller models, --precision bf16, or a device with more memory`;
  const parts = Math.ceil(batchSize / smaller);
  const even = Math.ceil(batchSize / parts); // as near to the same step as whole micro-batches come
  const step = even * parts === batchSize ? 'which is the same step' : 'nearly the same step';
  return `${said}; take --batch-size ${even} --accumulate ${accumulate * parts}, ${step}, or --batch-size auto`;
}
