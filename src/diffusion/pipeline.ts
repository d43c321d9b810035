/**
 * @file Stable Diffusion's image model in the hub's ONNX layout: a UNet that predicts the noise in latents, given a
 * text's hidden states, and a decoder from latents to pixels.
 *
 * Shape notation: `B` pictures, `C` = 4 latent channels, `h × w` latents for a picture of `8h × 8w`, `L` = 77 tokens,
 * `D` width.
 */
import { join } from 'node:path';
import { InputError } from '../base/errors.js';
import { loadDecoder, type Decoder } from './decoder.js';
import { readLatentScale } from './latent-scale.js';
import { weightedSum, type Term } from './latents.js';
import type { Provider } from './onnx.js';
import { checkPipelineFiles } from './pipeline-check.js';
import { PIPELINE_FILES } from './pipeline-files.js';
import type { SchedulerConfig } from './scheduler-config.js';
import { createScheduler } from './create-scheduler.js';
import { loadUnet, type Unet } from './unet.js';
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
  /** How far to move towards the prompt. Up to 1, only the prompt is used, and the model runs once per step. */
  readonly guidance: number;
  readonly steps: number;
  /** Whether the two predictions of a step are computed one after the other, to save memory. */
  readonly oneByOne?: boolean;
  /** Called after each time step with the number of steps done and the current latents. */
  readonly onStep?: (done: number, latents: Float32Array) => Promise<void> | void;
}

/** An image model, ready to draw. */
export interface Pipeline {
  /** How many times the UNet runs in a number of steps; with PNDM, more than once per step. */
  countTimesteps(steps: number): number;
  /** Noise to latents of a picture. `[C, h, w]` */
  denoise(request: PictureRequest): Promise<Float32Array>;
  /** Latents `[C, h, w]` to pixels. */
  decode(latents: Float32Array, height: number, width: number): Promise<Pixels>;
  release(): Promise<void>;
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
    latents = scheduler.step(await guidedPrediction(unet, request, latents, timestep), latents);
    checkLatents(latents, request, index + 1);
    await request.onStep?.(index + 1, latents);
  }
  return latents;
}

/** Checks that a step with finite predictions gave finite latents. */
function checkLatents(latents: Float32Array, { guidance, steps }: PictureRequest, done: number): void {
  const wrong = latents.find((value) => !Number.isFinite(value));
  if (wrong === undefined) return;
  throw new InputError(
    `--guidance ${guidance}: expected finite latents, got ${wrong} after step ${done} of ${steps}; give a smaller ` +
      'one, or another --scheduler',
  );
}

/** Classifier-free guidance: negative + guidance · (prompt − negative), arXiv 2207.12598, formula 6. */
async function guidedPrediction(
  unet: Unet,
  request: PictureRequest,
  latents: Float32Array,
  timestep: number,
): Promise<Float32Array> {
  const { prompt, negative, guidance, oneByOne = false } = request;
  const batches = guidance <= 1 ? [[prompt]] : oneByOne ? [[negative], [prompt]] : [[negative, prompt]];
  const predictions: Float32Array[] = [];
  for (const texts of batches) predictions.push(...(await unet.predict(latents, timestep, texts, request)));
  const share = (place: number): number => (guidance <= 1 ? 1 : place === 0 ? 1 - guidance : guidance);
  return weightedSum(...predictions.map((prediction, place): Term => [share(place), prediction]));
}
