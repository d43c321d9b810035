/**
 * A Stable Diffusion pipeline with random weights in the hub's ONNX layout: v1-4's graphs at any width and precision.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decoderOf } from './random-pipeline/decoder.mjs';
import { Layers } from './random-pipeline/layers.mjs';
import { writeModel } from './random-pipeline/model-file.mjs';
import { UNET_WIDTH, unetOf } from './random-pipeline/unet.mjs';

/** @import { Model } from './random-pipeline/model-file.mjs' */
/** @import { Precision } from './random-pipeline/weight-values.mjs' */

/**
 * A pipeline to be written.
 *
 * @typedef {object} PipelineShape
 * @property {number} width channels of the UNet's first level, a multiple of 80; the decoder's in proportion
 * @property {number} context width of the text encoder's hidden states
 * @property {Precision} precision
 * @property {'inside' | 'beside'} place whether weights lie inside the ONNX file or beside it
 */

/** v1-4's own `scheduler_config.json`. */
const SCHEDULER = {
  _class_name: 'PNDMScheduler',
  beta_end: 0.012,
  beta_schedule: 'scaled_linear',
  beta_start: 0.00085,
  num_train_timesteps: 1000,
  set_alpha_to_one: false,
  skip_prk_steps: true,
  steps_offset: 1,
};

/**
 * Writes a pipeline's folder.
 *
 * @param {string} folder
 * @param {PipelineShape} shape
 * @returns parameters and bytes of both models
 */
export async function writeRandomPipeline(folder, { width, context, precision, place }) {
  const unet = unetOf(new Layers(precision), width, context);
  const decoder = decoderOf(new Layers(precision), (width * 128) / UNET_WIDTH);
  await mkdir(join(folder, 'scheduler'), { recursive: true });
  await writeFile(join(folder, 'scheduler/scheduler_config.json'), JSON.stringify(SCHEDULER));
  await writeFile(join(folder, 'model_index.json'), JSON.stringify({ _class_name: 'OnnxStableDiffusionPipeline' }));
  await writeModel(join(folder, 'unet/model.onnx'), unet, place);
  await writeModel(join(folder, 'vae_decoder/model.onnx'), decoder, place);
  /** @param {Model} model */
  const parameters = ({ layers }) => layers.weights.reduce((sum, { size }) => sum + size, 0);
  return {
    parameters: parameters(unet) + parameters(decoder),
    bytes: (parameters(unet) + parameters(decoder)) * (precision === 'float16' ? 2 : 4),
  };
}
