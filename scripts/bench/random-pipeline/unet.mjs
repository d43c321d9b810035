/** The UNet of Stable Diffusion v1-4, at any width. */
import { resnet, timeWaves, transformer, upsample } from './blocks.mjs';

/** @import { Input, Model } from './model-file.mjs' */
/** @import { Layers } from './layers.mjs' */

/** Channels of v1-4's first level; the other levels have multiples of it. */
export const UNET_WIDTH = 320;
const UNET_LEVELS = [1, 2, 4, 4];

/**
 * `sample` `[B, 4, h, w]`, `timestep` `[1]`, `encoder_hidden_states` `[B, 77, D]` in, `out_sample` out.
 *
 * @param {Layers} layers
 * @param {number} width
 * @param {number} context
 * @returns {Model}
 */
export function unetOf(layers, width, context) {
  const timeWidth = 4 * width;
  const waves = layers.silu(layers.linear(timeWaves(layers, 'timestep', width), width, timeWidth));
  const time = { value: layers.linear(waves, timeWidth, timeWidth), width: timeWidth };
  const channels = UNET_LEVELS.map((multiple) => multiple * width);
  let [x, current] = [layers.conv('sample', 4, width), width];
  /** @type {[value: string, channels: number][]} */
  const skips = [[x, current]];
  /**
   * @param {number} extra channels of what has been joined on
   * @param {number} to
   * @param {number} level
   */
  const block = (extra, to, level) => {
    x = resnet(layers, x, current + extra, to, time);
    if (level < channels.length - 1) x = transformer(layers, x, to, 'encoder_hidden_states', context);
    current = to;
  };
  for (const [level, to] of channels.entries()) {
    for (let i = 0; i < 2; i++) {
      block(0, to, level);
      skips.push([x, current]);
    }
    if (level === channels.length - 1) break;
    x = layers.conv(x, current, current, 3, 2);
    skips.push([x, current]);
  }
  x = resnet(layers, x, current, current, time);
  x = transformer(layers, x, current, 'encoder_hidden_states', context);
  x = resnet(layers, x, current, current, time);
  for (const [level, to] of [...channels.entries()].reverse()) {
    for (const [skip, skipChannels] of skips.splice(-3).reverse()) {
      x = layers.add('Concat', [x, skip], { axis: { int: 1 } });
      block(skipChannels, to, level);
    }
    if (level > 0) x = upsample(layers, x, current);
  }
  layers.output(x, current, 4, 'out_sample');
  const { precision } = layers;
  /** @type {Input[]} */
  const inputs = [
    ['sample', precision, ['b', 4, 'h', 'w']],
    ['timestep', 'int64', ['t']],
    ['encoder_hidden_states', precision, ['b', 77, context]],
  ];
  return { layers, inputs, output: ['out_sample', precision, ['b', 4, 'h', 'w']] };
}
