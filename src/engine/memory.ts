/** @file How much memory a run's steps take. */
import type { EngineOptions } from '../distill/engine.js';
import { targetShape, trainableParameters, type Distillation } from '../distill/loss.js';
import { peakBytes } from './graph/liveness.js';
import { buildStepGraph, type StepGraph } from './graph/step-graph.js';
import { countParameters, sizeOf } from '../models/text-encoder.js';
import { keptValues } from '../models/kept-values.js';

/** A step whose memory is asked for: who learns what from whom, and how it is run. */
export interface MeasuredStep {
  readonly distillation: Distillation;
  readonly options: EngineOptions;
  readonly engine: 'compiled' | 'eager';
  readonly device: 'cpu' | 'gpu';
  /** Whether the teacher's outputs are computed once, before training, and kept on the disk. */
  readonly cachesTeacher: boolean;
}

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
export function memoryNeed(step: MeasuredStep, length: number): MemoryNeed {
  const phases = !step.cachesTeacher
    ? [trainingNeed(step, length, 'computed')]
    : [fillingNeed(step, length), trainingNeed(step, length, 'given')];
  const runtime = RUNTIME_BYTES[step.device];
  return (batchSize) => runtime + FRAGMENTS * Math.max(...phases.map((need) => need(batchSize)));
}

/** What steps need: all gradients live before the first is applied. */
function trainingNeed(step: MeasuredStep, length: number, targets: 'computed' | 'given'): MemoryNeed {
  const distillation = step.distillation;
  const trained = trainedBytes(distillation);
  const held = heldBytes(step) - (targets === 'given' ? teacherBytes(step) : 0);
  // The teacher's outputs: a recorded graph that computes them counts them itself.
  const targetBytes = (batchSize: number): number =>
    targets === 'given' || step.engine === 'eager' ? FLOAT * sizeOf(targetShape(distillation, batchSize, length)) : 0;
  const stepBytes =
    step.engine === 'compiled'
      ? recordedNeed(step, length, targets, ({ passes }) => passes.get(length)!.step!.stepped.name)
      : (batchSize: number) => trained + FLOAT * keptValues(distillation.student, 2 * batchSize, length);
  return (batchSize) => held + Math.max(trained, targetBytes(batchSize) + stepBytes(batchSize));
}

/** What computing the teacher's outputs for a cache needs: the student is on the engine, too. */
function fillingNeed(step: MeasuredStep, length: number): MemoryNeed {
  const { teacher } = step.distillation;
  const held = heldBytes(step);
  const outputBytes =
    step.engine === 'compiled'
      ? recordedNeed(step, length, 'computed', ({ taught }) => taught!.name)
      : // no layer's outlive it
        (batchSize: number) => (FLOAT * keptValues(teacher, batchSize, length)) / teacher.config.numHiddenLayers;
  return (batchSize) => held + outputBytes(batchSize);
}

/** Both models, the moments, and sums of gradients. */
function heldBytes(step: MeasuredStep): number {
  const distillation = step.distillation;
  const copies = step.options.accumulate > 1 ? 3 : 2;
  return (
    teacherBytes(step) + FLOAT * countParameters(distillation.student.shapes) + copies * trainedBytes(distillation)
  );
}

function teacherBytes(step: MeasuredStep): number {
  const bytes = step.options.precision === 'bf16' ? FLOAT / 2 : FLOAT;
  return bytes * countParameters(step.distillation.teacher.shapes);
}

function trainedBytes(distillation: Distillation): number {
  const { shapes } = distillation.student;
  return FLOAT * trainableParameters(distillation).reduce((sum, name) => sum + sizeOf(shapes[name]!), 0);
}

/** What lives at once in a recorded graph while one of its nodes is fetched. */
function recordedNeed(
  step: MeasuredStep,
  length: number,
  targets: 'computed' | 'given',
  fetched: (graph: StepGraph) => string,
): MemoryNeed {
  return linear(TRIED_SIZES, (batchSize) => {
    const graph = buildStepGraph(step.distillation, { ...step.options, batchSize, targets }, length);
    return peakBytes(graph, fetched(graph));
  });
}

/** The line through two points of a function. */
function linear([a, b]: readonly [number, number], value: (at: number) => number): (at: number) => number {
  const [low, high] = [value(a), value(b)];
  return (at) => low + ((high - low) * (at - a)) / (b - a);
}
