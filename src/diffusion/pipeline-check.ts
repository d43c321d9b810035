/**
 * @file Checks a pipeline's folder before its models are loaded: its files must exist, be complete and fit together.
 */
import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { InputError } from '../base/errors.js';
import { readJsonObject } from '../base/json-file.js';
import { decoderSignature, type DecoderSignature } from './decoder.js';
import { readLatentScale } from './latent-scale.js';
import { checkLoads } from './onnx-check.js';
import { readSignature } from './onnx-signature.js';
import { checkWeights } from './onnx-weights.js';
import { PIPELINE_FILES } from './pipeline-files.js';
import { parseSchedulerConfig } from './parse-scheduler-config.js';
import type { SchedulerConfig, SchedulerName } from './scheduler-config.js';
import { unetSignature, type UnetSignature } from './unet.js';

/**
 * Reads the scheduler configuration of a pipeline's folder.
 *
 * @param scheduler the scheduler to configure, which need not be the folder's own
 * @throws InputError for a folder without the file, or an unsupported configuration
 */
export async function readScheduler(folder: string, scheduler: SchedulerName): Promise<SchedulerConfig> {
  await checkPipelineFiles(folder);
  const path = join(folder, PIPELINE_FILES.scheduler);
  return parseSchedulerConfig({ ...(await readJsonObject(path)), ...STABLE_DIFFUSION }, scheduler, path);
}

/**
 * What diffusers sets in every scheduler of a Stable Diffusion pipeline, whatever an outdated file says or leaves out
 * (`StableDiffusionPipeline.__init__`). Latents exceed ±1, so that clipping would spoil them.
 */
const STABLE_DIFFUSION = { steps_offset: 1, clip_sample: false };

/** What a pipeline's files say about its models. */
export interface PipelineSignature {
  readonly unet: UnetSignature;
  readonly decoder: DecoderSignature;
}

/**
 * Checks, without loading them, that a folder's UNet and decoder are what they should be and have all their weights.
 *
 * @throws InputError for a file that is missing, cut short, or holds another model
 */
export async function inspectPipeline(folder: string): Promise<PipelineSignature> {
  await checkPipelineFiles(folder);
  await readLatentScale(folder);
  const [unetFile, decoderFile] = [join(folder, PIPELINE_FILES.unet), join(folder, PIPELINE_FILES.decoder)];
  await checkWeights(unetFile);
  const unet = unetSignature(await readSignature(unetFile));
  await checkWeights(decoderFile);
  return { unet, decoder: decoderSignature(await readSignature(decoderFile)) };
}

/**
 * Checks, in little memory, that the UNet and the decoder support a picture size, that ONNX Runtime can load both, and
 * that their layers fit together at that size.
 *
 * @param size of pictures, in pixels
 * @param isForGpu whether they may be loaded on a GPU, which has operators that the CPU lacks
 * @throws InputError for a file that does not load, or does not support pictures of this size
 */
export async function checkPipelineLoads(
  { unet, decoder }: PipelineSignature,
  size: { readonly height: number; readonly width: number },
  isForGpu = false,
): Promise<void> {
  for (const model of [unet, decoder]) model.checkSize(size.height, size.width);
  for (const { location, latents } of [unet, decoder]) await checkLoads(location, { latents, ...size }, isForGpu);
}

/**
 * Checks that a folder has the files of a pipeline, before anything large is read.
 *
 * @throws InputError for the first missing file
 */
export async function checkPipelineFiles(folder: string): Promise<void> {
  const { scheduler, unet, decoder } = PIPELINE_FILES;
  for (const name of [scheduler, unet, decoder]) {
    const path = join(folder, name);
    const isFile = await stat(path).then(
      (stats) => stats.isFile(),
      () => false,
    );
    if (!isFile)
      throw new InputError(`${path}: expected a part of the pipeline, found no such file; ${await remedyFor(path)}`);
  }
}

/** What to do about a missing file; detects PyTorch weights in its place. */
async function remedyFor(path: string): Promise<string> {
  const others = await readdir(dirname(path)).catch(() => []);
  const torch = others.find((name) => /\.(safetensors|bin)$/.test(name));
  if (torch === undefined) return "give a Stable Diffusion in the hub's ONNX layout to --pipeline";
  return (
    `${torch} beside it is for PyTorch: use the hub's revision in ONNX (id@onnx), or convert with optimum-cli ` +
    'export onnx'
  );
}
