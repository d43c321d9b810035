/** @file The noise that pictures start from, from a seed or a file. */
import { noiseFromSeed, readNoise, type StartingNoise } from '../../diffusion/noise.js';
import { InputError } from '../../base/errors.js';
import { DEFAULT_SIDE, type GenerateOptions } from './options.js';

/**
 * The noise of a picture.
 *
 * @param index the index of the picture among those of its prompt, which have consecutive seeds
 * @throws InputError for a noise file that cannot be read or is for another size, or with `--count` above 1
 */
export async function startingNoise(
  { latents, width, height, seed, count }: GenerateOptions,
  index = 0,
): Promise<StartingNoise> {
  if (latents === undefined) return noiseFromSeed(seed + index, height ?? DEFAULT_SIDE, width ?? DEFAULT_SIDE);
  if (count !== 1) throw new InputError('--latents: expected --count 1, as a file holds one noise');
  const noise = await readNoise(latents).catch((error: unknown) => {
    throw error instanceof InputError ? error.add('give the starting noise as a safetensors file to --latents') : error;
  });
  if ((width ?? noise.width) === noise.width && (height ?? noise.height) === noise.height) return noise;
  throw new InputError(
    `${latents}: expected noise for ${width ?? noise.width} × ${height ?? noise.height} pixels, got noise for ` +
      `${noise.width} × ${noise.height}; leave --width and --height out`,
  );
}
