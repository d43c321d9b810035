import tf from '../base/tfjs.cjs';
import type { ParameterValues } from '../distill/engine.js';
import type { Shapes } from '../models/text-encoder.js';

/** Makes a tensor of every parameter, or none if that fails. The caller owns them. */
export async function uploadParams(shapes: Shapes, values: ParameterValues): Promise<Record<string, tf.Tensor>> {
  const params: Record<string, tf.Tensor> = {};
  try {
    for await (const [name, data] of values) params[name] = tf.tensor(data, [...shapes[name]!], 'float32');
    const missing = Object.keys(shapes).filter((name) => params[name] === undefined);
    if (missing.length > 0) throw new Error(`parameters never given: ${missing.join(', ')}`);
    return params;
  } catch (error) {
    disposeParams(params);
    throw error;
  }
}

/** Frees every tensor of a record. */
export function disposeParams(params: Readonly<Record<string, tf.Tensor>>): void {
  tf.dispose(Object.values(params));
}

/** The values of a float32 tensor, which is freed, even if it cannot be read. */
export async function readAndDispose(tensor: tf.Tensor): Promise<Float32Array> {
  try {
    return (await tensor.data()) as Float32Array;
  } finally {
    tensor.dispose();
  }
}
