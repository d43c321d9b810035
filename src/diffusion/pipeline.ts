/**
 * @file Stable Diffusion's image model in the hub's ONNX layout: a UNet that predicts the noise in latents, given a
 * text's hidden states, and a decoder from latents to pixels.
 *
 * Shape notation: `B` pictures, `C` = 4 latent channels, `h × w` latents for a picture of `8h × 8w`, `L` = 77 tokens,
 * `D` width.
 */
import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { InputError } from '../base/errors.js';
import { readJsonObject } from '../base/json-file.js';
import { decoderSignature, loadDecoder, type Decoder } from './decoder.js';
import { readLatentScale } from './latent-scale.js';
import { weightedSum, type Term } from './latents.js';
import type { Provider } from './onnx.js';
import { checkLoads } from './onnx-check.js';
import { readSignature } from './onnx-signature.js';
import { checkWeights } from './onnx-weights.js';
import { PIPELINE_FILES } from './pipeline-files.js';
import { parseSchedulerConfig, type SchedulerConfig, type SchedulerName } from './scheduler-config.js';
import { createScheduler } from './create-scheduler.js';
import { loadUnet, unetSignature, type Unet, type UnetSignature } from './unet.js';
import type { Embedding, Pixels } from './tensors.js';

/** The inputs of one picture. */
export interface PictureRequest {
  /** `[C, h, w]` */
  readonly noise: Float32Array;
  readonly height: number;
  readonly width: number;
  readonly prompt: Embedding;
  /** What to move away from: the empty or the negative prompt. */
  readonly negative: Embedding;
  /** How far to move towards the prompt. Up to 1, only the prompt is used, and the model runs once a step. */
  readonly guidance: number;
  readonly steps: number;
  /** Whether the two predictions of a step are computed one after the other, to save memory. */
  readonly oneByOne?: boolean;
  /** Called after each time step with the number of steps done and the current latents. */
  readonly onStep?: (done: number, latents: Float32Array) => Promise<void> | void;
}

/** An image model, ready to draw. */
export interface Pipeline {
  /** How often the UNet runs in a number of steps; more often than once a step with PNDM. */
  countTimesteps(steps: number): number;
  /** Noise to latents of a picture. `[C, h, w]` */
  denoise(request: PictureRequest): Promise<Float32Array>;
  /** Latents `[C, h, w]` to pixels. */
  decode(latents: Float32Array, height: number, width: number): Promise<Pixels>;
  release(): Promise<void>;
}

/**
 * Reads the scheduler configuration of a pipeline's folder.
 *
 * @param scheduler the scheduler to configure, which need not be the folder's own
 * @throws InputError for a folder without the file, or an unsupported configuration
 */
export async function readScheduler(folder: string, scheduler: SchedulerName): Promise<SchedulerConfig> {
  await checkPipelineFiles(folder);
  const path = join(folder, PIPELINE_FILES.scheduler);
  return parseSchedulerConfig(await readJsonObject(path), scheduler, path);
}

/**
 * Looks at the UNet and the decoder of a folder without loading them: that they are such, and have all their weights.
 *
 * @returns what both take
 * @throws InputError for a file that is missing, cut short, or holds another model
 */
export async function inspectPipeline(folder: string): Promise<Pick<UnetSignature, 'textWidth' | 'checkSize'>> {
  await checkPipelineFiles(folder);
  await readLatentScale(folder);
  const [unetFile, decoderFile] = [join(folder, PIPELINE_FILES.unet), join(folder, PIPELINE_FILES.decoder)];
  await checkWeights(unetFile);
  const unet = unetSignature(await readSignature(unetFile));
  await checkWeights(decoderFile);
  const decoder = decoderSignature(await readSignature(decoderFile));
  return {
    textWidth: unet.textWidth,
    checkSize(height, width) {
      for (const model of [unet, decoder]) model.checkSize(height, width);
    },
  };
}

/**
 * Checks that ONNX Runtime can load the UNet and the decoder of a folder, and that their layers fit each other for
 * pictures of a size, in little memory.
 *
 * @param size of pictures, in pixels
 * @param isForGpu whether they may be loaded on a GPU, which has operators that the processor has not
 * @throws InputError for a file that it does not load, or that does not draw pictures of the size
 */
export async function checkPipelineLoads(
  folder: string,
  size: { readonly height: number; readonly width: number },
  isForGpu = false,
): Promise<void> {
  const [unet, decoder] = [join(folder, PIPELINE_FILES.unet), join(folder, PIPELINE_FILES.decoder)];
  await checkLoads(unet, { latents: unetSignature(await readSignature(unet)).latents, ...size }, isForGpu);
  await checkLoads(decoder, { latents: decoderSignature(await readSignature(decoder)).latents, ...size }, isForGpu);
}

/**
 * Loads the UNet and the decoder of a folder.
 *
 * @throws InputError for a file that is missing, damaged, or holds another model
 */
export async function openPipeline(folder: string, scheduler: SchedulerConfig, provider: Provider): Promise<Pipeline> {
  await checkPipelineFiles(folder);
  const scale = await readLatentScale(folder);
  const unet = await loadUnet(join(folder, PIPELINE_FILES.unet), provider);
  try {
    const decoder = await loadDecoder(join(folder, PIPELINE_FILES.decoder), scale, provider);
    return pipelineOf(unet, decoder, scheduler);
  } catch (error) {
    await unet.release();
    throw error;
  }
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

/** What to do about a missing file; recognises PyTorch weights in its place. */
async function remedyFor(path: string): Promise<string> {
  const others = await readdir(dirname(path)).catch(() => []);
  const torch = others.find((name) => /\.(safetensors|bin)$/.test(name));
  if (torch === undefined) return "give a Stable Diffusion in the hub's ONNX layout to --pipeline";
  return (
    `${torch} beside it is for PyTorch: use the hub's revision in ONNX (id@onnx), or convert with optimum-cli ` +
    'export onnx'
  );
}

function pipelineOf(unet: Unet, decoder: Decoder, config: SchedulerConfig): Pipeline {
  return {
    countTimesteps: (steps) => createScheduler(config, steps).timesteps.length,
    denoise(request) {
      for (const model of [unet, decoder]) model.checkSize(request.height, request.width);
      return denoise(unet, config, request);
    },
    decode: (latents, height, width) => decoder.decode(latents, height, width),
    async release() {
      await unet.release();
      await decoder.release();
    },
  };
}

async function denoise(unet: Unet, config: SchedulerConfig, request: PictureRequest): Promise<Float32Array> {
  const scheduler = createScheduler(config, request.steps);
  let latents = request.noise;
  for (const [index, timestep] of scheduler.timesteps.entries()) {
    latents = scheduler.step(await guidedAnswer(unet, request, latents, timestep), latents);
    await request.onStep?.(index + 1, latents);
  }
  return latents;
}

/** Classifier-free guidance: negative + guidance · (prompt − negative), arXiv 2207.12598, formula 6. */
async function guidedAnswer(
  unet: Unet,
  request: PictureRequest,
  latents: Float32Array,
  timestep: number,
): Promise<Float32Array> {
  const { prompt, negative, guidance, oneByOne = false } = request;
  const questions = guidance <= 1 ? [[prompt]] : oneByOne ? [[negative], [prompt]] : [[negative, prompt]];
  const answers: Float32Array[] = [];
  for (const texts of questions) answers.push(...(await unet.predict(latents, timestep, texts, request)));
  const share = (place: number): number => (guidance <= 1 ? 1 : place === 0 ? 1 - guidance : guidance);
  return weightedSum(...answers.map((answer, place): Term => [share(place), answer]));
}
