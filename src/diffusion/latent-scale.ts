/** @file What latents were multiplied by when the UNet was trained: `scaling_factor` in the VAE's configuration. */
import { join } from 'node:path';
import { InputError } from '../base/errors.js';
import { shownJson } from '../base/python-json.js';
import { readJsonObject } from '../text/json-files.js';
import { VAE_CONFIGS } from './pipeline-files.js';

/** Of Stable Diffusion 1 and 2: https://github.com/CompVis/stable-diffusion, `v1-inference.yaml`, `scale_factor`. */
const STANDARD_SCALE = 0.18215;

/**
 * The factor of a pipeline's folder; that of Stable Diffusion where no configuration says another.
 *
 * @throws InputError for what is no factor
 */
export async function readLatentScale(folder: string): Promise<number> {
  for (const name of VAE_CONFIGS) {
    const scale = (await readJsonObject(folder, name))?.scaling_factor;
    if (scale === undefined || scale === null) continue;
    if (typeof scale === 'number' && scale > 0 && Number.isFinite(scale)) return scale;
    throw new InputError(
      `${join(folder, name)}: expected scaling_factor to be a number above 0, got ${shownJson(scale)}; get the ` +
        'file again',
    );
  }
  return STANDARD_SCALE;
}
