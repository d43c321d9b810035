/**
 * @file A trained linear map from a student's width to its teacher's, on top of any model. No architecture in
 * transformers has such a layer, so it is stored in a separate file in the model's folder: `projection.safetensors`,
 * with the `weight` and `bias` of one linear layer.
 *
 * It cannot be folded into the model, which ends in a LayerNorm: its scale and shift act on each value separately.
 */
import tf from '../base/tfjs.cjs';
import { initialiseParameter } from './initialise.js';
import { linear } from './layers.js';
import type { TextEncoder } from './text-encoder.js';

/** The layer's name in the parameters. */
const PROJECTION = 'projection';

/** Whether a parameter belongs to the projection. */
export const isProjection = (name: string): boolean => name.startsWith(`${PROJECTION}.`);

/** A parameter's name in the projection's own file. */
export const nameInFile = (name: string): string => name.slice(PROJECTION.length + 1);

/**
 * An encoder whose hidden states and pooled output are mapped to another width. `[…, D] → […, width]`
 *
 * The weights start with a standard deviation of `1 / √D`, which preserves the scale of LayerNorm's output.
 */
export function withProjection(encoder: TextEncoder, width: number): TextEncoder {
  const shapes = {
    ...encoder.shapes,
    [`${PROJECTION}.weight`]: [width, encoder.width],
    [`${PROJECTION}.bias`]: [width],
  };
  const start = { isNorm: false, deviation: 1 / Math.sqrt(encoder.width) };
  return {
    ...encoder,
    width,
    shapes,
    isPooler: (name) => !isProjection(name) && encoder.isPooler(name),
    isBiasOrNorm: (name) => (isProjection(name) ? name.endsWith('.bias') : encoder.isBiasOrNorm(name)),
    initialise: (name, seed) =>
      isProjection(name) ? initialiseParameter(shapes, name, seed, start) : encoder.initialise(name, seed),
    forward(params, ids, options) {
      const { lastHiddenState, poolerOutput } = encoder.forward(params, ids, options);
      const [batch, length] = lastHiddenState.shape;
      const rows: tf.Tensor2D = tf.reshape(lastHiddenState, [batch * length, encoder.width]); // [N, D]
      return {
        lastHiddenState: tf.reshape(linear(rows, params, PROJECTION), [batch, length, width]),
        poolerOutput: linear(poolerOutput, params, PROJECTION),
      };
    },
  };
}
