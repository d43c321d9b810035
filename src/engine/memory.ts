/** @file Estimates how much memory the steps of a run take. */
import type { EngineOptions } from './engine-options.js';
import { targetShape, trainableParameters, type Distillation } from '../distill/loss.js';
import type { GraphNode } from './graph/graph.js';
import { peakBytes } from './graph/liveness.js';
import { buildStepGraph, collectiveGroupOf, type StepGraph } from './graph/step-graph.js';
import { sizeOf } from '../base/shape.js';
import { reservedBytes } from '../tensorflow/gpu-memory.js';
import type { Gpu } from '../tensorflow/nvidia.js';
import { countParameters, FLOAT_BYTES } from '../models/text-encoder.js';
import { keptValues } from '../models/kept-values.js';

/** A step whose memory is estimated: the models, the loss, and how it runs. */
export interface MeasuredStep {
  readonly distillation: Distillation;
  readonly options: EngineOptions;
  readonly engine: 'compiled' | 'eager';
  readonly device: 'cpu' | 'gpu';
  /** What is known about the GPU, if it is one. */
  readonly gpu?: Gpu | undefined;
  /** Whether the teacher's outputs are computed once, before training, and stored on disk. */
  readonly cachesTeacher: boolean;
}

/** The bytes needed, by the number of pairs in a micro-batch. */
export type MemoryNeed = (batchSize: number) => number;

/** Batch sizes at which a step's memory is counted; it is linear in the batch size. */
const SAMPLED_BATCH_SIZES = [32, 64] as const;

/** Memory that TensorFlow takes on a CPU before a model is loaded, as measured. */
const CPU_RUNTIME_BYTES = 0.5e9;

/**
 * Bytes that TensorFlow's allocator takes for each byte in use: it hands out free blocks of up to twice the requested
 * size and never returns memory to the system. Measured at full size, batch 32, on a CPU: 1.37 without dropout, 1.46
 * with it. Unknown for a GPU, whose allocator differs: it splits a block that is twice as large as the request, or
 * over 128 MiB larger (`BFCAllocator` in tensorflow/core/framework), so that less than half of a block is lost, and
 * besides what lies between blocks. `npm run check:gpu` prints the estimate beside what a GPU gave.
 */
export const FRAGMENTATION = 1.42;

/**
 * Estimates the memory that a run needs, in bytes. Parameters and moments (and gradient sums, with micro-batches) are
 * exact. A micro-batch counts with what is live at once between the ops of the recorded step, or with what the eager
 * engine keeps for the backward pass.
 *
 * Each of several devices holds all of it. The result is the total of this process's CPU devices, or that of one GPU.
 *
 * A run that caches its teacher's outputs has the teacher loaded while it fills the cache, then trains without it: it
 * needs the larger of the two amounts.
 *
 * @param length tokens per sentence
 */
export function memoryNeed(step: MeasuredStep, length: number): MemoryNeed {
  const phases = !step.cachesTeacher
    ? [trainingNeed(step, length, 'computed')]
    : [fillingNeed(step, length), trainingNeed(step, length, 'given')];
  const runtime = step.device === 'gpu' ? reservedBytes(step.gpu) : CPU_RUNTIME_BYTES;
  const replicas = step.device === 'cpu' ? countDevices(step) : 1; // CPU devices share memory, each GPU has its own
  return (batchSize) => runtime + FRAGMENTATION * replicas * Math.max(...phases.map((need) => need(batchSize)));
}

/** One device's share of a memory need: CPU devices share memory, each GPU has its own. */
export function deviceShare(step: MeasuredStep, bytes: number): number {
  return step.device === 'gpu' ? bytes : (bytes - CPU_RUNTIME_BYTES) / countDevices(step);
}

/** The memory that training steps need: all gradients are live before the first is applied. */
function trainingNeed(step: MeasuredStep, length: number, targets: 'computed' | 'given'): MemoryNeed {
  const distillation = step.distillation;
  const trained = trainedBytes(distillation);
  const held = heldBytes(step) - (targets === 'given' ? teacherBytes(step) : 0);
  // The teacher's outputs; a recorded graph that computes them counts them itself.
  const targetBytes = (batchSize: number): number =>
    targets === 'given' || step.engine === 'eager'
      ? FLOAT_BYTES * sizeOf(targetShape(distillation, batchSize, length))
      : 0;
  const stepBytes =
    step.engine === 'compiled'
      ? recordedNeed(step, length, targets, ({ passes, updated }) => {
          const { accumulated, stepped } = passes.at(-1)!.step!;
          return updated === undefined ? [stepped!] : [accumulated!, updated];
        })
      : (batchSize: number) => trained + FLOAT_BYTES * keptValues(distillation.student, 2 * batchSize, length);
  return (batchSize) => held + Math.max(trained, targetBytes(batchSize) + stepBytes(batchSize));
}

/** The memory that filling the cache of teacher outputs needs, with the student loaded too. */
function fillingNeed(step: MeasuredStep, length: number): MemoryNeed {
  const { teacher } = step.distillation;
  const held = heldBytes(step);
  const outputBytes =
    step.engine === 'compiled'
      ? recordedNeed(step, length, 'computed', ({ teacherOutputs }) => [teacherOutputs!])
      : // no layer's values outlive the layer
        (batchSize: number) => (FLOAT_BYTES * keptValues(teacher, batchSize, length)) / teacher.config.numHiddenLayers;
  return (batchSize) => held + outputBytes(batchSize);
}

/** Both models, the moments, and gradient sums. */
function heldBytes(step: MeasuredStep): number {
  const distillation = step.distillation;
  const copies = step.options.accumulate > 1 || collectiveGroupOf(step.options) !== undefined ? 3 : 2;
  return (
    teacherBytes(step) +
    FLOAT_BYTES * countParameters(distillation.student.shapes) +
    copies * trainedBytes(distillation)
  );
}

function countDevices({ options: { devices = [] } }: MeasuredStep): number {
  return Math.max(1, devices.length);
}

function teacherBytes(step: MeasuredStep): number {
  const bytes = step.options.precision === 'bf16' ? FLOAT_BYTES / 2 : FLOAT_BYTES;
  return bytes * countParameters(step.distillation.teacher.shapes);
}

function trainedBytes(distillation: Distillation): number {
  const { shapes } = distillation.student;
  return FLOAT_BYTES * trainableParameters(distillation).reduce((sum, name) => sum + sizeOf(shapes[name]!), 0);
}

/** The peak of live bytes in a recorded graph, over the runs that fetch each of some nodes. */
function recordedNeed(
  step: MeasuredStep,
  length: number,
  targets: 'computed' | 'given',
  fetched: (graph: StepGraph) => readonly GraphNode[],
): MemoryNeed {
  return linear(SAMPLED_BATCH_SIZES, (batchSize) => {
    const options = {
      ...step.options,
      batchSize,
      targets,
      jitCompile: false, // XLA does not report what it keeps; assume what would be kept between ops
      ...{ textLengths: [], packedShares: [] }, // whole texts take the most, so only they are recorded
    };
    const graph = buildStepGraph(step.distillation, options, length);
    return Math.max(...fetched(graph).map(({ name }) => peakBytes(graph.nodes, name)));
  });
}

/** The line through two points of a function. */
function linear([a, b]: readonly [number, number], value: (at: number) => number): (at: number) => number {
  const [low, high] = [value(a), value(b)];
  return (at) => low + ((high - low) * (at - a)) / (b - a);
}
