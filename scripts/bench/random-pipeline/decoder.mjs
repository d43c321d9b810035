/** The VAE decoder of Stable Diffusion v1-4, at any width. */
import { attention, resnet, toImage, toSequence, upsample } from './blocks.mjs';

/** @import { Layers } from './layers.mjs' */
/** @import { Model } from './model-file.mjs' */

/** v1-4's levels, the last level last, as multiples of 128 channels where the UNet has 320. */
const DECODER_LEVELS = [4, 4, 2, 1];

/**
 * `latent_sample` `[B, 4, h, w]` in, `sample` `[B, 3, 8h, 8w]` out.
 *
 * @param {Layers} layers
 * @param {number} width
 * @returns {Model}
 */
export function decoderOf(layers, width) {
  const channels = DECODER_LEVELS.map((multiple) => multiple * width);
  const [deepest = 0] = channels;
  let [x, current] = [layers.conv(layers.conv('latent_sample', 4, 4, 1), 4, deepest), deepest];
  x = resnet(layers, x, current, current);
  const sequence = toSequence(layers, layers.groupNorm(x, current), current);
  x = layers.add('Add', [x, toImage(layers, attention(layers, sequence, sequence, current, current, 1), x)]);
  x = resnet(layers, x, current, current);
  for (const [level, next] of channels.entries()) {
    for (let i = 0; i < 3; i++, current = next) x = resnet(layers, x, current, next);
    if (level < channels.length - 1) x = upsample(layers, x, current);
  }
  layers.output(x, current, 3, 'sample');
  const { precision } = layers;
  return {
    layers,
    inputs: [['latent_sample', precision, ['b', 4, 'h', 'w']]],
    output: ['sample', precision, ['b', 3, 'H', 'W']],
  };
}
