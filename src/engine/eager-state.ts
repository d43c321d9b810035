/** @file What the eager engine owns: the parameters of both models, and the optimiser's moments. */
import tf from '../base/tfjs.cjs';
import { momentShapes } from '../distill/adamw.js';
import type { InitialEngineState, NamedValues } from '../distill/engine.js';
import { trainableParameters, type Distillation } from '../distill/loss.js';
import type { Shapes } from '../models/text-encoder.js';
import { disposeParams, uploadParams } from './params.js';

type NamedTensors = Record<string, tf.Tensor>;

/** Tensors by the names of the parameters, and of the moments (`momentName`). An update replaces them. */
export interface EagerState {
  /** Empty if targets are given. */
  teacher: NamedTensors;
  student: NamedTensors;
  moments: NamedTensors;
}

/** Makes the tensors of an initial state, or none if that fails. The caller owns them. */
export async function uploadState(
  distillation: Distillation,
  initial: InitialEngineState,
  hasGivenTargets: boolean,
): Promise<EagerState> {
  const { shapes } = distillation.student;
  const trained = Object.fromEntries(trainableParameters(distillation).map((name) => [name, shapes[name]!]));
  const state: EagerState = { teacher: {}, student: {}, moments: {} };
  try {
    if (!hasGivenTargets) state.teacher = await uploadParams(distillation.teacher.shapes, initial.teacher!);
    state.student = await uploadParams(shapes, initial.student);
    state.moments = await uploadMoments(trained, initial);
    return state;
  } catch (error) {
    disposeState(state);
    throw error;
  }
}

/** Frees all tensors of a state. */
export function disposeState({ teacher, student, moments }: EagerState): void {
  for (const tensors of [teacher, student, moments]) disposeParams(tensors);
}

/** The moments of a resumed run, or zeros. */
async function uploadMoments(trained: Shapes, { optimizer }: InitialEngineState): Promise<NamedTensors> {
  const shapes = momentShapes(trained);
  if (optimizer?.moments !== undefined) return uploadParams(shapes, optimizer.moments);
  // all or none
  return tf.tidy(() => Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, tf.zeros([...shape])])));
}

/** The values of tensors, read one at a time. */
export async function* valuesOf(tensors: Readonly<NamedTensors>): AsyncIterable<NamedValues> {
  for (const [name, tensor] of Object.entries(tensors))
    yield { name, shape: tensor.shape, values: (await tensor.data()) as Float32Array };
}
