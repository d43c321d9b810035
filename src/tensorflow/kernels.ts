/** @file The kernel that tfjs's native backend lacks: stateless random numbers. */
import tf from '../base/tfjs.cjs';
import { STATELESS_UNIFORM } from '../models/dropout.js';
import type { NodeBackend } from './native-backend.js';

/** Registers stateless random numbers with TensorFlow's own kernel. */
export function registerTensorflowKernels(): void {
  if (tf.getKernel(STATELESS_UNIFORM, 'tensorflow') !== undefined) return;
  tf.registerKernel({
    kernelName: STATELESS_UNIFORM,
    backendName: 'tensorflow',
    kernelFunc: ({ inputs, attrs, backend }) => {
      const native = backend as NodeBackend;
      const { TF_ATTR_TYPE: type, TF_INT32, TF_FLOAT } = native.binding;
      const shape = tf.tensor1d(attrs!.shape as number[], 'int32');
      const uniform = native.executeSingleOutput(
        STATELESS_UNIFORM,
        [
          { name: 'T', type, value: TF_INT32 },
          { name: 'dtype', type, value: TF_FLOAT },
          { name: 'Tseed', type, value: TF_INT32 },
        ],
        [shape, inputs.seed!],
      );
      shape.dispose();
      return uniform;
    },
  });
}
