/** @file Kernels that tfjs's backends lack, or have in a form too slow to train with. */
import * as tf from '@tensorflow/tfjs-core';
import { STATELESS_UNIFORM } from '../models/dropout.js';
import { randomUniform } from '../random.js';
import type { NodeBackend } from './tensorflow.js';

/** The part of tfjs's JavaScript backend used here; its class is not exported with types that fit `KernelFunc`. */
interface JavaScriptBackend {
  readonly data: { get(id: object): { values: tf.TypedArray } };
  makeTensorInfo(shape: number[], dtype: tf.DataType, values: tf.TypedArray): tf.TensorInfo;
}

/** Registers stateless random numbers with TensorFlow's own kernel. */
export function registerTensorflowKernels(): void {
  if (tf.getKernel(STATELESS_UNIFORM, 'tensorflow') !== undefined) return;
  tf.registerKernel({
    kernelName: STATELESS_UNIFORM,
    backendName: 'tensorflow',
    kernelFunc: ({ inputs, attrs, backend }) => {
      const native = backend as NodeBackend;
      const { TF_ATTR_TYPE: type, TF_INT32, TF_FLOAT } = native.binding;
      const shape = tf.tensor1d(attrs!['shape'] as number[], 'int32');
      const uniform = native.executeSingleOutput(
        STATELESS_UNIFORM,
        [
          { name: 'T', type, value: TF_INT32 },
          { name: 'dtype', type, value: TF_FLOAT },
          { name: 'Tseed', type, value: TF_INT32 },
        ],
        [shape, inputs['seed'] as tf.TensorInfo],
      );
      shape.dispose();
      return uniform;
    },
  });
}

/** Registers stateless random numbers, and a scatter-add in one pass, with tfjs's JavaScript backend. */
export function registerCpuKernels(): void {
  if (tf.getKernel(STATELESS_UNIFORM, 'cpu') !== undefined) return;
  tf.registerKernel({
    kernelName: STATELESS_UNIFORM,
    backendName: 'cpu',
    kernelFunc: ({ inputs, attrs, backend }) => {
      const cpu = backend as JavaScriptBackend;
      const shape = attrs!['shape'] as number[];
      const [place, step] = valuesOf(cpu, inputs['seed'] as tf.TensorInfo);
      return cpu.makeTensorInfo(shape, 'float32', randomUniform(tf.util.sizeFromShape(shape), [place!, step!]));
    },
  });

  // tfjs's own goes over the whole input once a segment: hours for the gradient of an embedding.
  tf.unregisterKernel(tf.UnsortedSegmentSum, 'cpu');
  tf.registerKernel({
    kernelName: tf.UnsortedSegmentSum,
    backendName: 'cpu',
    kernelFunc: ({ inputs, attrs, backend }) =>
      segmentSum(backend as JavaScriptBackend, inputs as unknown as SegmentSumInputs, Number(attrs!['numSegments'])),
  });
}

interface SegmentSumInputs {
  readonly x: tf.TensorInfo;
  readonly segmentIds: tf.TensorInfo;
}

/** `out[ids[i]] += x[i]`, rows of any shape; ids out of range are left out, as TensorFlow leaves negative ones out. */
function segmentSum(cpu: JavaScriptBackend, { x, segmentIds }: SegmentSumInputs, segments: number): tf.TensorInfo {
  const rows = tf.util.sizeFromShape(segmentIds.shape);
  const width = tf.util.sizeFromShape(x.shape) / rows;
  const values = valuesOf(cpu, x);
  const ids = valuesOf(cpu, segmentIds);
  const sums = new Float32Array(segments * width);
  for (let row = 0; row < rows; row++) {
    const segment = ids[row]!;
    if (segment < 0 || segment >= segments) continue;
    for (let i = 0; i < width; i++) sums[segment * width + i]! += values[row * width + i]!;
  }
  return cpu.makeTensorInfo([segments, ...x.shape.slice(segmentIds.shape.length)], 'float32', sums);
}

function valuesOf(cpu: JavaScriptBackend, info: tf.TensorInfo): tf.TypedArray {
  return cpu.data.get(info.dataId).values;
}
