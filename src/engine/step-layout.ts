/**
 * @file How a step is laid out for the size of its models: how TensorFlow is configured before it is loaded, and what a
 * recorded graph is made of.
 */
import { countParameters, type TextEncoder } from '../models/text-encoder.js';
import type { BackendInfo, LoadOptions } from '../tensorflow/backend.js';
import { lengthsOn } from './text-lengths.js';

/** See EngineOptions. */
export interface StepLayout {
  readonly fused: boolean;
  readonly teacherParts: number;
  readonly textLengths: readonly number[];
}

/**
 * The number of parameters from which a model's tensors outgrow the caches, so that fused loops and bfloat16 pay off.
 */
const LARGE = 20e6;

/**
 * A small student finishes its forward pass long before its teacher; two halves of the teacher's, side by side, even
 * that out.
 */
const SMALL_TEACHER_PARTS = 2;

/** Whether one of the models is large. */
export function areLarge(encoders: readonly TextEncoder[]): boolean {
  return encoders.some(({ shapes }) => countParameters(shapes) >= LARGE);
}

/**
 * TensorFlow's settings for a recorded graph.
 *
 * @param jitCompile whether the graph says itself what XLA compiles
 */
export function loadOptionsFor(
  isLarge: boolean,
  jitCompile = false,
): Required<Pick<LoadOptions, 'fuse' | 'serialOps'>> {
  return { fuse: isLarge && !jitCompile, serialOps: !isLarge };
}

/** How a recorded graph is made; on a GPU TensorFlow decides that itself. */
export function layoutFor(isLarge: boolean, engine: 'compiled' | 'eager', device: BackendInfo['device']): StepLayout {
  const textLengths = lengthsOn(device, 'training');
  if (engine === 'eager' || device === 'gpu') return { fused: false, teacherParts: 1, textLengths };
  return { fused: isLarge, teacherParts: isLarge ? 1 : SMALL_TEACHER_PARTS, textLengths };
}
