/** @file ONNX models run by ONNX Runtime: values go in and come out as float32, whatever the model's precision. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { InferenceSession, Tensor, env } from 'onnxruntime-node';
import { InputError } from '../base/errors.js';
import { folderUntilExit, removeFolder } from '../base/temporary-folder.js';
import { disableOnnxTelemetry } from '../onnx/telemetry.js';
import { float16ToFloat32, float32ToFloat16 } from '../weights/half.js';
import { shown } from '../weights/wording.js';
import { loadFailure, reasonOf } from './onnx-failure.js';
import type { Port, Signature } from './onnx-signature.js';
import { checkWeights, moveWeights, type WeightsSummary } from './onnx-weights.js';

/** An array with its shape, row-major. */
export interface Values {
  readonly values: Float32Array;
  readonly shape: readonly number[];
}

/** A loaded model; it holds its weights until `release`. */
export interface OnnxModel extends Signature {
  /**
   * The value of an output (by default the first) for named inputs. Throws InputError for inputs that do not fit, and
   * for an output that is not finite.
   */
  run(inputs: Readonly<Record<string, Values>>, output?: string): Promise<Values>;
  release(): Promise<void>;
}

/** The devices that ONNX Runtime may use. */
export type Provider = 'cuda' | 'cpu';

/** How float32 is converted to an input's type. */
const ENCODERS: Readonly<Record<string, (values: Float32Array) => Tensor.DataType>> = {
  float32: (values) => values,
  float16: float32ToFloat16,
  float64: (values) => Float64Array.from(values),
  int32: (values) => Int32Array.from(values),
  int64: (values) => BigInt64Array.from(values, BigInt),
  bool: (values) => Uint8Array.from(values),
};

/**
 * The optimisations that keep weights as they are in the file. The next level stores convolution weights a second time
 * in another order: twice as fast on a CPU, but at least half as much memory again.
 */
const OPTIMISATION = 'extended';

/**
 * Keeps ONNX Runtime from holding things twice on a CPU: weights repacked for products, and an arena for activations as
 * large as the whole last run's, beside the memory which that run left behind. Neither is faster at these sizes.
 */
const HELD_ONCE: InferenceSession.SessionOptions = {
  enableMemPattern: false,
  extra: { session: { disable_prepacking: '1' } },
};

/** The supported types of inputs and outputs. */
export const TYPES = { inputs: Object.keys(ENCODERS), outputs: ['float32', 'float16'] } as const;

/** Whether ONNX Runtime's CUDA provider is installed beside it. */
export function hasCudaProvider(): boolean {
  const package_ = dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'));
  return existsSync(
    join(package_, 'bin', 'napi-v6', process.platform, process.arch, 'libonnxruntime_providers_cuda.so'),
  );
}

/**
 * Loads an ONNX file, with the files beside it that hold its weights.
 *
 * @throws InputError for a file that is damaged or uses what ONNX Runtime does not support
 */
export async function loadOnnx(location: string, provider: Provider): Promise<OnnxModel> {
  quieten();
  const weights = await checkWeights(location);
  const session = await (
    provider === 'cuda' ? create(location, { executionProviders: ['cuda', 'cpu'] }) : createOnCpu(location, weights)
  ).catch((error: unknown) => {
    throw loadFailure(error, location);
  });
  const inputs = session.inputMetadata.map(portOf);
  return {
    location,
    inputs,
    outputs: session.outputMetadata.map(portOf),
    async run(values, output = session.outputNames[0]!) {
      const feeds = Object.fromEntries(
        inputs
          .filter(({ name }) => name in values)
          .map((port) => [port.name, tensorOf(port, values[port.name]!, location)]),
      );
      const results = await session.run(feeds, [output]).catch((error: unknown) => {
        throw new InputError(`${location}: expected to run on ${shapesOf(values)}, got "${reasonOf(error, location)}"`);
      });
      return finite(decoded(results[output]!, location), output, location);
    },
    release: () => session.release(),
  };
}

/** Keeps ONNX Runtime from writing to the terminal and the network. Must be called before a session is created. */
export function quieten(): void {
  env.logLevel = 'fatal';
  disableOnnxTelemetry();
}

function create(location: string, options: InferenceSession.SessionOptions): Promise<InferenceSession> {
  return InferenceSession.create(location, { graphOptimizationLevel: OPTIMISATION, logSeverityLevel: 4, ...options });
}

async function createOnCpu(location: string, weights: WeightsSummary): Promise<InferenceSession> {
  const options = { executionProviders: ['cpu'], ...HELD_ONCE };
  if (!weights.hasFloat16) return create(location, options);
  return createFromFloat16(location, weights, options).catch(() => create(location, options));
}

/**
 * Loads a float16 model on the CPU, which computes in float32. ONNX Runtime appends casts of the weights to the graph
 * and runs most of them first, so that half the model is in memory a second time, as float32, before the computation
 * starts. In a graph that was written to a file and read back, the casts come before the other nodes, and each runs
 * only when its weight is needed.
 *
 * For this, weights inside the file would be read into memory that does not return to the system. So they are first
 * moved to a separate file, and memory-mapped.
 */
async function createFromFloat16(
  location: string,
  { hasFilesBeside }: WeightsSummary,
  options: InferenceSession.SessionOptions,
): Promise<InferenceSession> {
  const folder = folderUntilExit();
  try {
    const source = hasFilesBeside ? location : await moveWeights(location, folder);
    const optimizedModelFilePath = join(folder, 'optimized.onnx');
    const copied = {
      optimized_model_external_initializers_file_name: 'copied.bin',
      optimized_model_external_initializers_min_size_in_bytes: '1024',
    };
    // moved weights can stay where they are
    const session = { ...(HELD_ONCE.extra!.session as object), ...(hasFilesBeside ? copied : {}) };
    await (await create(source, { ...options, optimizedModelFilePath, extra: { session } })).release();
    return await create(optimizedModelFilePath, { ...options, graphOptimizationLevel: 'disabled' });
  } finally {
    removeFolder(folder); // memory-mapped files stay readable
  }
}

function portOf(metadata: InferenceSession.ValueMetadata): Port {
  return metadata.isTensor
    ? { name: metadata.name, type: metadata.type, shape: metadata.shape }
    : { name: metadata.name, type: 'no tensor', shape: [] };
}

function tensorOf({ name, type }: Port, { values, shape }: Values, location: string): Tensor {
  const encode = ENCODERS[type];
  if (encode === undefined)
    throw new InputError(`${location}: expected the input ${shown(name)} in ${TYPES.inputs.join(', ')}, got ${type}`);
  return new Tensor(type as 'float32', encode(values) as Float32Array, shape);
}

function decoded({ type, data, dims }: Tensor, location: string): Values {
  if (type === 'float32') return { values: data as Float32Array, shape: dims };
  if (type !== 'float16') throw new InputError(`${location}: expected an output in float32 or float16, got ${type}`);
  const { buffer, byteOffset, length } = data as Uint16Array; // a Float16Array if Node has it
  return { values: float16ToFloat32(new Uint16Array(buffer, byteOffset, length)), shape: dims };
}

/** Checks an output: a value that is not finite spreads over the whole picture. */
function finite(result: Values, output: string, location: string): Values {
  const wrong = result.values.find((value) => !Number.isFinite(value));
  if (wrong === undefined) return result;
  throw new InputError(
    `${location}: expected finite numbers as ${shown(output)}, got ${wrong}: the file is damaged, or a float16 model ` +
      'overflowed; get the file again, or use one in float32',
  );
}

function shapesOf(values: Readonly<Record<string, Values>>): string {
  return Object.entries(values)
    .map(([name, { shape }]) => `${name} [${shape.join(', ')}]`)
    .join(', ');
}
