/** @file Errors for a model in the wrong place. */
import { InputError } from '../base/errors.js';
import { shown } from '../weights/wording.js';
import { PIXELS_PER_LATENT } from './latents.js';
import type { OnnxModel, Port } from './onnx.js';
import { fixedSize } from './ports.js';

/** What an input reveals about its model. */
const TELLING: readonly (readonly [name: string, model: string])[] = [
  ['input_ids', 'which is a text encoder'],
  ['latent_sample', 'which is a VAE decoder'],
  ['text_embeds', 'which is the UNet of a Stable Diffusion XL'],
  ['timestep_cond', 'which is the UNet of a latent consistency model'],
  ['class_labels', 'which is a UNet that asks for a class'],
  ['mid_block_additional_residual', 'which is a UNet for a ControlNet'],
];

/** The error for a model whose inputs do not fit its place. */
export function wrongInputs({ location, inputs }: OnnxModel, what: string, expected: readonly string[]): InputError {
  const found = inputs.map(({ name }) => name);
  const [, guess] = TELLING.find(([name]) => found.includes(name)) ?? [];
  const kind =
    guess ?? (found.length === 1 && fixedSize(inputs[0]!.shape[1]) === 3 ? 'which is a VAE encoder' : undefined);
  return new InputError(
    `${location}: expected ${what} with the inputs ${expected.join(', ')}, got one with ` +
      (found.map(shown).join(', ') || 'none') +
      `${kind === undefined ? '' : `, ${kind}`}; put the pipeline's own file there`,
  );
}

/**
 * Checks that a model takes latents of a picture's size.
 *
 * @param latents its input for them, `[B, C, h, w]`
 * @throws InputError if its file fixes another size
 */
export function checkPictureSize(location: string, what: string, latents: Port, height: number, width: number): void {
  const [, , h = height / PIXELS_PER_LATENT, w = width / PIXELS_PER_LATENT] = latents.shape.map(fixedSize);
  const [fixedHeight, fixedWidth] = [h * PIXELS_PER_LATENT, w * PIXELS_PER_LATENT];
  if (fixedHeight === height && fixedWidth === width) return;
  throw new InputError(
    `${location}: expected ${what} for pictures of ${width} × ${height} pixels, got one for ${fixedWidth} × ` +
      `${fixedHeight} alone; ` +
      `give --width ${fixedWidth} --height ${fixedHeight}`,
  );
}
