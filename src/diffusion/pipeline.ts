/**
 * @file Stable Diffusion's image model: a UNet that says what noise is in latents, given a text's hidden states, and a
 * decoder from latents to pixels, in the hub's ONNX layout.
 *
 * Shape notation: `B` pictures, `C` = 4 latent channels, `h × w` latents for a picture of `8h × 8w`, `L` = 77 tokens,
 * `D` width.
 */
import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { InputError } from '../base/errors.js';
import { readJsonObject } from '../base/json-file.js';
import { loadDecoder, type Decoder } from './decoder.js';
import { readLatentScale } from './latent-scale.js';
import { weightedSum, type Term } from './latents.js';
import type { Provider } from './onnx.js';
import { PIPELINE_FILES } from './pipeline-files.js';
import { parseSchedulerConfig, type SchedulerConfig, type SchedulerName } from './scheduler-config.js';
import { createScheduler } from './create-scheduler.js';
import { loadUnet, type Unet } from './unet.js';
import type { Embedding, Pixels } from './tensors.js';

/** What one picture is made from. */
export interface PictureRequest {
  /** `[C, h, w]` */
  readonly noise: Float32Array;
  readonly height: number;
  readonly width: number;
  readonly prompt: Embedding;
  /** What to go away from: the empty or the negative prompt. */
  readonly negative: Embedding;
  /** How far to go from there to the prompt; up to 1 the prompt alone is followed, and the model asked once a step. */
  readonly guidance: number;
  readonly steps: number;
  /** Whether both questions of a step are asked one after the other, for less memory. */
  readonly oneByOne?: boolean;
  /** After each time step: how many are done, and the latents as they are. */
  readonly onStep?: (done: number, latents: Float32Array) => Promise<void> | void;
}

/** An image model ready to draw. */
export interface Pipeline {
  /** The width of hidden states that the UNet takes, where its file says so. */
  readonly textWidth: number | undefined;
  /** How often the UNet is asked in so many steps: with PNDM more often than that. */
  countTimesteps(steps: number): number;
  /** Noise to latents of a picture. `[C, h, w]` */
  denoise(request: PictureRequest): Promise<Float32Array>;
  /** Latents `[C, h, w]` to pixels. */
  decode(latents: Float32Array, height: number, width: number): Promise<Pixels>;
  release(): Promise<void>;
}

/**
 * Reads how a pipeline's folder wants its noise taken out.
 *
 * @param scheduler by another method than the folder's own
 * @throws InputError for a folder without the file, or one that says what is not supported
 */
export async function readScheduler(folder: string, scheduler: SchedulerName): Promise<SchedulerConfig> {
  await checkPipelineFiles(folder);
  const path = join(folder, PIPELINE_FILES.scheduler);
  return parseSchedulerConfig(await readJsonObject(path), scheduler, path);
}

/**
 * Loads the UNet and the decoder of a folder.
 *
 * @throws InputError for a file that is missing, damaged, or another model than its place is for
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
 * @throws InputError for the first that it lacks
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

/** What to do about a file that is not there: PyTorch's weights in its place are told apart. */
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
    textWidth: unet.textWidth,
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

/** What guides a step: negative + guidance · (prompt − negative), arXiv 2207.12598, formula 6. */
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
