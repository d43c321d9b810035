/** @file How far apart two float32 computations of a stored model may be. */
import tf from '../../src/base/tfjs.cjs';
import { openPretrained } from '../../src/models/pretrained.js';
import { loadBackend } from '../../src/tensorflow/backend.js';
import { MAX_LENGTH } from '../../src/text/max-length.js';
import { BACKENDS_UNDER_TEST } from '../backends.js';
import { encoderBounds, UNIT_ROUNDOFF } from './bounds.js';

/** The largest differences that rounding explains. */
export interface Apart {
  readonly lastHiddenState: number;
  readonly poolerOutput: number;
  /** Of the mean of the hidden states over all positions. */
  readonly mean: number;
}

const known = new Map<string, Promise<Apart>>();

/**
 * How far the outputs of a model for a text may be apart, whatever libraries and processors compute them in float32:
 * each may be off by what `encoderBounds` says.
 *
 * @param ids `[1, 77]`
 * @param attentionMask `[1, 77]`, 1 for a token and 0 for padding
 */
export function apart(folder: string, ids: Int32Array, attentionMask?: Float32Array): Promise<Apart> {
  const key = `${folder} ${ids.join()} ${attentionMask?.join() ?? ''}`;
  const found = known.get(key) ?? measure(folder, ids, attentionMask);
  known.set(key, found);
  return found;
}

async function measure(folder: string, ids: Int32Array, attentionMask?: Float32Array): Promise<Apart> {
  await loadBackend(BACKENDS_UNDER_TEST[0]);
  const model = await openPretrained(folder, 0);
  const shape: [number, number] = [1, MAX_LENGTH];
  const inputs = [tf.tensor2d(ids, shape, 'int32'), attentionMask && tf.tensor2d(attentionMask, shape)] as const;
  const { lastHiddenState, poolerOutput } = await encoderBounds(model.encoder, model.parameters(), ...inputs);
  tf.dispose(inputs.filter((input) => input !== undefined));
  // The mean of errors is no larger than the largest; adding up 77 values near 1 rounds as often (Higham, 2002, ch. 4).
  const mean = lastHiddenState + MAX_LENGTH * UNIT_ROUNDOFF;
  return { lastHiddenState: 2 * lastHiddenState, poolerOutput: 2 * poolerOutput, mean: 2 * mean };
}
