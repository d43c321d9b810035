/**
 * @file Adapts a step to the size of its models: TensorFlow's settings, which are fixed when it is loaded, and the
 * layout of the recorded graph.
 */
import { countParameters, type TextEncoder } from '../models/text-encoder.js';
import type { BackendInfo, LoadOptions } from '../tensorflow/backend.js';
import { lengthsOn } from './text-lengths.js';
import { packedSharesOf } from './text-layouts.js';

/** See `GraphOptions`. */
export interface StepLayout {
  readonly fused: boolean;
  readonly teacherParts: number;
  readonly textLengths: readonly number[];
  readonly packedShares: readonly number[];
}

/** Models with this many parameters or more outgrow the CPU's caches, so that fused loops and bfloat16 pay off. */
const LARGE_MODEL_PARAMETERS = 20e6;

/**
 * A small student finishes its forward pass long before its teacher; computing the teacher's in two halves, side by
 * side, evens that out.
 */
const SMALL_TEACHER_PARTS = 2;

/** Whether one of the models is large. */
export function hasLargeModel(encoders: readonly TextEncoder[]): boolean {
  return encoders.some(({ shapes }) => countParameters(shapes) >= LARGE_MODEL_PARAMETERS);
}

/**
 * TensorFlow's settings for a recorded graph.
 *
 * @param jitCompile whether the graph itself specifies what XLA compiles
 */
export function loadOptionsFor(
  isLarge: boolean,
  jitCompile = false,
): Required<Pick<LoadOptions, 'fuse' | 'serialOps'>> {
  return { fuse: isLarge && !jitCompile, serialOps: !isLarge };
}

/** The layout of a recorded graph; on a GPU it is left to TensorFlow. */
export function layoutFor(isLarge: boolean, engine: 'compiled' | 'eager', device: BackendInfo['device']): StepLayout {
  const textLengths = lengthsOn(device, 'training');
  const packedShares = engine === 'compiled' ? packedSharesOf(isLarge, device) : [];
  const texts = { textLengths, packedShares };
  if (engine === 'eager' || device === 'gpu') return { fused: false, teacherParts: 1, ...texts };
  return { fused: isLarge, teacherParts: isLarge ? 1 : SMALL_TEACHER_PARTS, ...texts };
}
