/** @file The factor that multiplied latents when the UNet was trained: `scaling_factor` in the VAE's configuration. */
import { join } from 'node:path';
import * as v from 'valibot';
import { ifThere, readJsonObject } from '../base/json-file.js';
import { checkJson, object, ofKind } from '../base/json-schema.js';
import { POSITIVE } from '../base/kinds.js';
import { VAE_CONFIGS } from './pipeline-files.js';

/** Of Stable Diffusion 1 and 2: https://github.com/CompVis/stable-diffusion, `v1-inference.yaml`, `scale_factor`. */
const STANDARD_SCALE = 0.18215;

const VAE_CONFIG = object({ scaling_factor: v.nullish(ofKind(POSITIVE)) });

/**
 * The factor for a pipeline's folder; Stable Diffusion's default if no configuration states one.
 *
 * @throws InputError for an impossible factor
 */
export async function readLatentScale(folder: string): Promise<number> {
  for (const name of VAE_CONFIGS) {
    const path = join(folder, name);
    const json = await ifThere(readJsonObject(path));
    const scale = json === undefined ? undefined : checkJson(VAE_CONFIG, json, path).scaling_factor;
    if (scale != null) return scale;
  }
  return STANDARD_SCALE;
}
