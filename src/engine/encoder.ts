import tf from '../base/tfjs.cjs';
import type { ParameterValues } from '../distill/engine.js';
import type { TextEncoder } from '../models/text-encoder.js';
import { MAX_LENGTH } from '../text/max-length.js';
import { compiledEncoder } from './compiled-encoder.js';
import { disposeParams, readAndDispose, uploadParams } from './params.js';
import { cutTexts, lengthFor, lengthForIds, textLengths } from './text-lengths.js';
import type { Encoded, EncoderEngine, EncoderOptions } from './encoder-engine.js';

/** Full-length texts that are encoded at once without a recorded graph, which takes batches of any size. */
const EAGER_BATCH_SIZE = 32;

/**
 * Loads a model's parameters for encoding and owns them until `dispose`. Runs a recorded graph on TensorFlow, and tfjs
 * ops in float32 on the JavaScript backend.
 */
export async function encoderEngine(
  encoder: TextEncoder,
  values: ParameterValues,
  { length = MAX_LENGTH, precision = 'fp32', device = 'cpu', masked = false, memoryBytes }: EncoderOptions = {},
): Promise<EncoderEngine> {
  if (tf.getBackend() === 'tensorflow')
    return compiledEncoder(encoder, values, { length, precision, device, masked, memoryBytes });
  if (precision !== 'fp32') throw new Error(`products in ${precision} need a recorded graph`);
  return eagerEncoder(encoder, values, length);
}

/**
 * Encodes with plain tfjs ops, on any backend and at any length: the reference.
 *
 * @param usualLength L of the texts that `positionsFor` is asked about
 */
export async function eagerEncoder(
  encoder: TextEncoder,
  values: ParameterValues,
  usualLength = MAX_LENGTH,
): Promise<EncoderEngine> {
  const params = await uploadParams(encoder.shapes, values);
  const usualLengths = textLengths(encoder, usualLength);
  return {
    batchSize: EAGER_BATCH_SIZE,
    encode,
    positionsFor: (tokens) => lengthFor(usualLengths, tokens),
    dispose: () => {
      disposeParams(params);
    },
  };

  async function encode(ids: Int32Array, batch: number, attentionMask?: Float32Array): Promise<Encoded> {
    const fullLength = ids.length / batch;
    const length = lengthForIds(textLengths(encoder, fullLength), ids);
    const tensor = <T extends Int32Array | Float32Array>(values: T, dtype: 'int32' | 'float32'): tf.Tensor2D =>
      tf.tensor2d(cutTexts(values, fullLength, length), [batch, length], dtype);
    const [hidden, pooled] = tf.tidy(() => {
      const mask = attentionMask && tensor(attentionMask, 'float32');
      const output = encoder.forward(params, tensor(ids, 'int32'), { attentionMask: mask, fullLength });
      return [output.lastHiddenState, output.poolerOutput];
    });
    const [lastHiddenState, poolerOutput] = await Promise.all([readAndDispose(hidden), readAndDispose(pooled)]);
    return { lastHiddenState, poolerOutput };
  }
}
