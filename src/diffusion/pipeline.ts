/**
 * @file Stable Diffusion's image model: a UNet that says what noise is in latents, given a text's hidden states, and a
 * decoder from latents to pixels, in the hub's ONNX layout.
 *
 * Shape notation: `B` pictures, `C` = 4 latent channels, `h × w` latents for a picture of `8h × 8w`, `L` = 77 tokens, `D` width.
 */
import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { InputError } from '../errors.js';
import { readJsonObject } from '../text/tokenizer-json.js';
import { MAX_LENGTH } from '../text/tokenizer.js';
import { PIPELINE_FILES } from '../weights/hub.js';
import { shown } from '../weights/wording.js';
import { weightedSum } from './latents.js';
import { loadOnnx, type OnnxModel, type Port, type Provider, type Values } from './onnx.js';
import { parseSchedulerConfig, type SchedulerConfig, type SchedulerName } from './scheduler-config.js';
import { createScheduler } from './scheduler.js';

/** Pixels a latent stands for, along each side. */
export const PIXELS_PER_LATENT = 8;

export const LATENT_CHANNELS = 4;

/** What latents were multiplied by in training: https://github.com/CompVis/stable-diffusion, `v1-inference.yaml`, `scale_factor`. */
const LATENT_SCALE = 0.18215;

/** A text as its hidden states. `[L, D]` */
export type Embedding = Float32Array;

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

/** Pixels, red, green, blue. `[height, width, 3]` in 0 … 255. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
  /** Whether every value the decoder gave was a number. */
  readonly isFinite: boolean;
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
  const json = await readJsonObject(folder, PIPELINE_FILES.scheduler);
  return parseSchedulerConfig(json!, scheduler, join(folder, PIPELINE_FILES.scheduler));
}

/**
 * Loads the UNet and the decoder of a folder.
 *
 * @throws InputError for a file that is missing, damaged, or another model than its place is for
 */
export async function openPipeline(folder: string, scheduler: SchedulerConfig, provider: Provider): Promise<Pipeline> {
  await checkPipelineFiles(folder);
  const unet = await loadUnet(join(folder, PIPELINE_FILES.unet), provider);
  try {
    const decoder = await loadDecoder(join(folder, PIPELINE_FILES.decoder), provider);
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
  return `${torch} beside it is for PyTorch: take the hub's revision in ONNX (id@onnx), or convert with optimum-cli export onnx`;
}

async function loadUnet(location: string, provider: Provider): Promise<OnnxModel> {
  return checked(await loadOnnx(location, provider), 'a UNet', {
    sample: 4,
    timestep: undefined,
    encoder_hidden_states: 3,
  });
}

async function loadDecoder(location: string, provider: Provider): Promise<OnnxModel> {
  return checked(await loadOnnx(location, provider), 'a VAE decoder', { latent_sample: 4 });
}

/** Checks that a model has the inputs that its place asks for, each with as many dimensions. */
async function checked(
  model: OnnxModel,
  what: string,
  expected: Readonly<Record<string, number | undefined>>,
): Promise<OnnxModel> {
  const names = Object.keys(expected);
  const fits =
    names.length === model.inputs.length &&
    model.inputs.every(({ name, shape }) => name in expected && (expected[name] ?? shape.length) === shape.length);
  if (fits) return model;
  await model.release();
  const found = model.inputs.map(({ name }) => shown(name));
  const guess = found.includes('input_ids')
    ? ', which is a text encoder'
    : found.includes('latent_sample')
      ? ', which is a VAE decoder'
      : '';
  throw new InputError(
    `${model.location}: expected ${what} with the inputs ${names.join(', ')}, got one with ${found.join(', ') || 'none'}${guess}; put the pipeline's own file there`,
  );
}

function pipelineOf(unet: OnnxModel, decoder: OnnxModel, config: SchedulerConfig): Pipeline {
  const widthOf = (ports: readonly Port[]): number | undefined => {
    const width = ports.find(({ name }) => name === 'encoder_hidden_states')?.shape[2];
    return typeof width === 'number' ? width : undefined;
  };
  return {
    textWidth: widthOf(unet.inputs),
    countTimesteps: (steps) => createScheduler(config, steps).timesteps.length,
    denoise: (request) => denoise(unet, config, request),
    decode: (latents, height, width) => decode(decoder, latents, height, width),
    async release() {
      await unet.release();
      await decoder.release();
    },
  };
}

async function denoise(unet: OnnxModel, config: SchedulerConfig, request: PictureRequest): Promise<Float32Array> {
  const scheduler = createScheduler(config, request.steps);
  const ask = questionOf(unet, request);
  let latents = request.noise;
  for (const [index, timestep] of scheduler.timesteps.entries()) {
    latents = scheduler.step(await ask(latents, timestep), latents);
    await request.onStep?.(index + 1, latents);
  }
  return latents;
}

/** Asks the UNet for what guides a step: negative + guidance · (prompt − negative), arXiv 2207.12598, formula 6. */
function questionOf(
  unet: OnnxModel,
  request: PictureRequest,
): (latents: Float32Array, timestep: number) => Promise<Float32Array> {
  const { prompt, negative, guidance, oneByOne } = request;
  const answer = (latents: Float32Array, timestep: number, texts: readonly Embedding[]): Promise<Values> => {
    const sample = joined(texts.map(() => latents)); // [B, C, h, w]
    return unet.run({
      sample: {
        values: sample,
        shape: [texts.length, LATENT_CHANNELS, request.height / PIXELS_PER_LATENT, request.width / PIXELS_PER_LATENT],
      },
      timestep: { values: Float32Array.of(timestep), shape: [1] },
      encoder_hidden_states: { values: joined(texts), shape: [texts.length, ...embeddingShape(prompt)] }, // [B, L, D]
    });
  };
  return async (latents, timestep) => {
    const parts = guidance <= 1 ? [[prompt]] : oneByOne === true ? [[negative], [prompt]] : [[negative, prompt]];
    const answers: Float32Array[] = [];
    for (const texts of parts) answers.push((await answer(latents, timestep, texts)).values);
    const [first, second = first] = answers.flatMap((values) => halves(values, latents.length));
    return guidance <= 1 ? first : weightedSum([1 - guidance, first], [guidance, second]);
  };
}

function embeddingShape(embedding: Embedding): [number, number] {
  return [MAX_LENGTH, embedding.length / MAX_LENGTH];
}

function joined(arrays: readonly Float32Array[]): Float32Array {
  if (arrays.length === 1) return arrays[0];
  const all = new Float32Array(arrays.length * arrays[0].length);
  for (const [i, array] of arrays.entries()) all.set(array, i * array.length);
  return all;
}

function halves(values: Float32Array, length: number): Float32Array[] {
  return Array.from({ length: values.length / length }, (_, i) => values.subarray(i * length, (i + 1) * length));
}

async function decode(decoder: OnnxModel, latents: Float32Array, height: number, width: number): Promise<Pixels> {
  const shape = [1, LATENT_CHANNELS, height / PIXELS_PER_LATENT, width / PIXELS_PER_LATENT];
  const scaled = latents.map((value) => value / LATENT_SCALE);
  const image = await decoder.run({ latent_sample: { values: scaled, shape } }); // [1, 3, height, width] in -1 … 1
  if (image.values.length !== 3 * height * width) {
    throw new InputError(
      `${decoder.location}: expected pictures of [1, 3, ${height}, ${width}], got [${image.shape.join(', ')}]; get the file anew`,
    );
  }
  return pixelsOf(image.values, height, width);
}

/** Channels in -1 … 1, one after the other, to bytes side by side. */
function pixelsOf(channels: Float32Array, height: number, width: number): Pixels {
  const size = height * width;
  const data = new Uint8Array(3 * size);
  let isFinite = true;
  for (let channel = 0; channel < 3; channel++) {
    for (let i = 0; i < size; i++) {
      const value = channels[channel * size + i];
      if (!Number.isFinite(value)) isFinite = false;
      data[3 * i + channel] = Math.round(Math.min(Math.max(value / 2 + 0.5, 0), 1) * 255);
    }
  }
  return { width, height, data, isFinite };
}
