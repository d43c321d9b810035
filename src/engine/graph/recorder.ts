/**
 * @file A tfjs backend that computes nothing: every kernel appends nodes to a graph. Run once over a step, with tfjs's
 * own autodiff, it records forward pass, backward pass and optimiser.
 */
import tf from '../../base/tfjs.cjs';
import type { Graph, Value } from './graph.js';
import type { RecordedTensor } from './kernel.js';
import { RECORDED_KERNELS } from './kernels.js';

const BACKEND = 'graph';

/** tfjs's tensor data, kept by the backend that made it. */
class RecordingBackend extends tf.KernelBackend {
  private readonly values: tf.DataStorage<Value> = new tf.DataStorage<Value>(this, tf.engine());

  constructor(readonly graph: Graph) {
    super();
  }

  override write(data: tf.BackendValues, shape: number[], dtype: tf.DataType): object {
    return this.put(this.graph.constant(data as tf.TypedArray, shape, recordedDtype(dtype))).dataId;
  }

  override move(dataId: object, data: tf.BackendValues, shape: number[], dtype: tf.DataType): void {
    this.values.set(dataId, this.graph.constant(data as tf.TypedArray, shape, recordedDtype(dtype)));
  }

  /** A tensor that stands for a node's output. */
  put(value: Value): tf.TensorInfo {
    const dataId = {};
    this.values.set(dataId, value);
    return { dataId, shape: [...value.shape], dtype: value.dtype as tf.DataType };
  }

  recorded(tensor: tf.TensorInfo): RecordedTensor {
    const { name, dtype } = this.values.get(tensor.dataId);
    return { name, dtype, shape: tensor.shape };
  }

  override read(): never {
    throw new Error('a tensor was read while a step was being recorded: a recorded step may not depend on values');
  }

  override readSync(): never {
    return this.read();
  }

  override disposeData(): boolean {
    return true;
  }

  override incRef(): void {
    // nodes are never freed
  }

  override refCount(): number {
    return 1;
  }

  override numDataIds(): number {
    return this.values.numDataIds();
  }

  override floatPrecision(): 32 {
    return 32;
  }

  override epsilon(): number {
    return 1e-7;
  }

  override timerAvailable(): boolean {
    return false;
  }

  override dispose(): void {
    // holds nothing
  }
}

function recordedDtype(dtype: tf.DataType): 'float32' | 'int32' | 'bool' {
  if (dtype === 'float32' || dtype === 'int32' || dtype === 'bool') return dtype;
  throw new Error(`tensors of ${dtype} cannot be recorded`);
}

/** What a recording can use. */
export interface Recording {
  readonly graph: Graph;
  /** A tensor that stands for a node's output. */
  readonly tensor: <T extends tf.Tensor>(value: Value) => T;
  /** The output that a computed tensor stands for. */
  readonly value: (tensor: tf.Tensor) => Value;
}

/**
 * Runs `work` and records every tfjs op into `graph`. Synchronous: nothing else may use tfjs meanwhile.
 *
 * @throws Error if `work` reads a tensor's values, or uses an op without a recorded form
 */
export function record<T>(graph: Graph, work: (recording: Recording) => T): T {
  registerKernels();
  const before = tf.getBackend();
  const backend = new RecordingBackend(graph);
  tf.registerBackend(BACKEND, () => backend);
  void tf.setBackend(BACKEND); // synchronous for a backend that needs no loading
  try {
    let result: { readonly of: T } | undefined;
    tf.tidy(() => {
      result = {
        of: work({
          graph,
          tensor: <U extends tf.Tensor>(value: Value) => tf.engine().makeTensorFromTensorInfo(backend.put(value)) as U,
          value: (tensor) => backend.recorded(tensor),
        }),
      };
    });
    return result!.of;
  } finally {
    void tf.setBackend(before);
    tf.removeBackend(BACKEND);
  }
}

let registered = false;

function registerKernels(): void {
  if (registered) return;
  registered = true;
  for (const [kernelName, kernel] of Object.entries(RECORDED_KERNELS)) {
    tf.registerKernel({
      kernelName,
      backendName: BACKEND,
      kernelFunc: ({ inputs, attrs, backend }) => {
        if (!(backend instanceof RecordingBackend)) throw new TypeError(`${kernelName} was asked of another backend`);
        const values = Object.fromEntries(
          Object.entries(inputs).map(([name, input]) => [name, backend.recorded(input!)]),
        );
        return backend.put(kernel(backend.graph, values, attrs ?? {}));
      },
    });
  }
}
