/** @file A kernel of tfjs's JavaScript backend: its type, and how it takes the place of tfjs's own. */
import tf from '../base/tfjs.cjs';

/** The part of tfjs's JavaScript backend used here; its class is not exported with types that fit `KernelFunc`. */
export interface CpuBackend {
  readonly data: { get(id: object): { values: tf.TypedArray } };
  makeTensorInfo(shape: number[], dtype: tf.DataType, values: tf.TypedArray): tf.TensorInfo;
}

/** A kernel; undefined for tensors that it does not handle. */
export type CpuKernel = (
  cpu: CpuBackend,
  inputs: Readonly<Record<string, tf.TensorInfo>>,
  attributes: object,
) => tf.TensorInfo | undefined;

/** Registers a kernel in front of tfjs's own, which gets the tensors that the kernel does not handle. */
export function registerCpuKernel(kernelName: string, kernel: CpuKernel): void {
  const general = tf.getKernel(kernelName, 'cpu')?.kernelFunc;
  if (general !== undefined) tf.unregisterKernel(kernelName, 'cpu');
  tf.registerKernel({
    kernelName,
    backendName: 'cpu',
    kernelFunc: (params) => {
      const { inputs, attrs, backend } = params;
      const result = kernel(backend as CpuBackend, inputs as Record<string, tf.TensorInfo>, attrs ?? {});
      if (result !== undefined) return result;
      if (general === undefined) throw new Error(`${kernelName}: no kernel for these tensors`);
      return general(params);
    },
  });
}

/** A tensor's values, which the backend owns. */
export function valuesOf(cpu: CpuBackend, tensor: tf.TensorInfo): tf.TypedArray {
  return cpu.data.get(tensor.dataId).values;
}
