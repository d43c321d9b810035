/** @file Errors for a file that holds another model than expected. */
import { InputError } from '../base/errors.js';
import { shown } from '../weights/wording.js';
import { PIXELS_PER_LATENT } from './latents.js';
import { TYPES } from './onnx.js';
import type { Port, Signature } from './onnx-signature.js';
import { fixedSize } from './ports.js';

/** Models that can be recognised by the name of an input. */
const MODELS_BY_INPUT: readonly (readonly [name: string, model: string])[] = [
  ['input_ids', 'which is a text encoder'],
  ['latent_sample', 'which is a VAE decoder'],
  ['text_embeds', 'which is the UNet of a Stable Diffusion XL'],
  ['timestep_cond', 'which is the UNet of a latent consistency model'],
  ['class_labels', 'which is a class-conditional UNet'],
  ['mid_block_additional_residual', 'which is a UNet for a ControlNet'],
];

/** The error for a model whose inputs are not those expected. */
export function wrongInputs(
  { location, inputs, outputs }: Signature,
  what: string,
  expected: readonly string[],
): InputError {
  const found = inputs.map(({ name }) => name);
  const [, guess] = MODELS_BY_INPUT.find(([name]) => found.includes(name)) ?? [];
  const kind = guess ?? (found.length === 1 && fixedSize(inputs[0]!.shape[1]) === 3 ? ofPictures(outputs) : undefined);
  return new InputError(
    `${location}: expected ${what} with the inputs ${expected.join(', ')}, got one with ` +
      (found.map(shown).join(', ') || 'none') +
      `${kind === undefined ? '' : `, ${kind}`}; put the pipeline's own file there`,
  );
}

/** Names a model whose only input is pictures. */
function ofPictures(outputs: readonly Port[]): string {
  return outputs.some(({ shape }) => shape.length === 2) ? 'which is an image classifier' : 'which is a VAE encoder';
}

/**
 * Checks the shape that a model's file states for its output, if any.
 *
 * @param output undefined for a model without outputs
 * @param channels of an output `[B, channels, …, …]`
 * @returns the output
 * @throws InputError for another shape, or none
 */
export function checkedOutput(location: string, what: string, output: Port | undefined, channels: number): Port {
  if (output !== undefined) {
    const { shape } = output;
    if (shape.length === 0 || (shape.length === 4 && (fixedSize(shape[1]) ?? channels) === channels)) return output;
  }
  const found =
    output === undefined
      ? 'without outputs'
      : `whose output ${shown(output.name)} is [${output.shape.map((size) => size || '?').join(', ')}]`;
  throw new InputError(
    `${location}: expected ${what} that gives [B, ${channels}, height, width], got one ${found}; put the pipeline's ` +
      'own file there',
  );
}

/**
 * Checks that a model's inputs and its output have supported types.
 *
 * @throws InputError for another type
 */
export function checkTypes({ location, inputs }: Signature, output: Port): void {
  const check = (port: Port, what: string, types: readonly string[]): void => {
    if (types.includes(port.type)) return;
    throw new InputError(
      `${location}: expected the ${what} ${shown(port.name)} in ${types.join(', ')}, got ${port.type}; export the ` +
        'model in float32 or float16',
    );
  };
  for (const input of inputs) check(input, 'input', TYPES.inputs);
  check(output, 'output', TYPES.outputs);
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
    `${location}: expected ${what} for pictures of ${width} × ${height} pixels, got one only for ${fixedWidth} × ` +
      `${fixedHeight}; give --width ${fixedWidth} --height ${fixedHeight}`,
  );
}
