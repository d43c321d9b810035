/**
 * @file What every drawing needs: where pictures go, what noise they start from, the texts as embeddings, the image
 *   model.
 */
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { lostTail } from '../../diffusion/embeddings.js';
import { noiseFromSeed, readNoise, type StartingNoise } from '../../diffusion/noise.js';
import { hasCudaProvider } from '../../diffusion/onnx.js';
import { PIPELINE_PART } from '../../diffusion/pipeline-files.js';
import { openPipeline, type Pipeline } from '../../diffusion/pipeline.js';
import { checkPipelineLoads, inspectPipeline, readScheduler } from '../../diffusion/pipeline-check.js';
import { type Embedding, type Pixels } from '../../diffusion/tensors.js';
import { recordChunk, recordPicture, type Picture } from '../../diffusion/pictures.js';
import { encodePng, withTexts } from '../../diffusion/png.js';
import type { SchedulerConfig } from '../../diffusion/scheduler-config.js';
import { createScheduler } from '../../diffusion/create-scheduler.js';
import { InputError, messageOf } from '../../base/errors.js';
import { numberedNames, writeNewFile } from '../../base/new-file.js';
import { VERSION } from '../../base/version.js';
import { whileThere } from '../../runs/removed-checkpoint.js';
import { checkDevice } from '../../tensorflow/backend.js';
import type { Reporter } from '../reporter.js';
import { fetchModel } from '../fetch-model.js';
import type { OpenEncoder } from '../open-encoder.js';
import { embedElsewhere } from './embedding.js';
import { checkFit, checkFitBeforeWeights, type TextSource } from './encoder-fit.js';
import type { GenerateOptions } from './options.js';

/** An image model's files, read as far as can be before its weights. */
export interface PipelineFolder {
  readonly folder: string;
  readonly scheduler: SchedulerConfig;
}

/** A text encoder, or one of its configuration with weights drawn at random. */
export interface DrawingEncoder extends OpenEncoder {
  readonly isRandom?: boolean;
  /** For parameters that its files lack; 0 unless given. */
  readonly seed?: number;
}

/**
 * Finds the image model, fetching it where it is not there yet, and checks all that can be known before it is loaded:
 * that it is one, takes so many steps, the size of picture and the encoders' hidden states, has its device, and that
 * ONNX Runtime loads it.
 *
 * @throws InputError where it does not
 */
export async function findPipeline(
  options: GenerateOptions,
  encoders: readonly TextSource[],
  reporter: Reporter,
): Promise<PipelineFolder> {
  const { width, height } = await startingNoise(options);
  await checkDevice(options.backend, options.device);
  checkProvider(options.device);
  await checkFitBeforeWeights(options.pipeline, encoders, reporter);
  const folder = await fetchModel(options.pipeline, '--pipeline', reporter, [PIPELINE_PART]);
  const scheduler = await readScheduler(folder, options.scheduler);
  createScheduler(scheduler, options.steps);
  const signature = await inspectPipeline(folder);
  checkFit(options.pipeline, signature.unet, encoders);
  await checkPipelineLoads(signature, { height, width }, options.device !== 'cpu' && hasCudaProvider());
  return { folder, scheduler };
}

/** The noise that is asked for, of one seed. */
export async function startingNoise(
  { latents, width, height, seed, count }: GenerateOptions,
  index = 0,
): Promise<StartingNoise> {
  if (latents === undefined) return noiseFromSeed(seed + index, height ?? 512, width ?? 512);
  if (count !== 1) throw new InputError('--latents: expected --count 1, as a file holds one noise');
  const noise = await readNoise(latents);
  if ((width ?? noise.width) === noise.width && (height ?? noise.height) === noise.height) return noise;
  throw new InputError(
    `${latents}: expected noise for ${width ?? noise.width} × ${height ?? noise.height} pixels, got it for ` +
      `${noise.width} × ${noise.height}; leave --width and --height out`,
  );
}

/** The embeddings of texts; says what of them is lost. */
export async function embed(
  texts: readonly string[],
  encoder: DrawingEncoder,
  options: GenerateOptions,
  reporter: Reporter,
): Promise<Embedding[]> {
  for (const text of new Set(texts)) {
    const tail = lostTail(text, encoder.tokenizer);
    if (tail !== undefined)
      reporter.warn(
        `${JSON.stringify(text.slice(0, 24))}… is over ${encoder.tokenizer.maxLength} tokens for ` +
          `${encoder.label}; its end is lost: ${JSON.stringify(tail)}`,
      );
  }
  const {
    folder,
    tokenizerFolder,
    label,
    isRandom = false,
    seed = 0,
    model: {
      encoder: { width },
    },
  } = encoder;
  const { backend, device } = options;
  const where = `--encoder ${label}`;
  const { embeddings, warnings } = await whileThere(folder, where, () =>
    embedElsewhere({ texts, folder, tokenizerFolder, isRandom, seed, width, where, backend, device }),
  );
  for (const warning of warnings) reporter.warn(warning);
  return embeddings;
}

/** Loads the image model and says where it computes. */
export async function loadPipeline(
  { folder, scheduler }: PipelineFolder,
  { device }: GenerateOptions,
  reporter: Reporter,
): Promise<Pipeline> {
  const open = (provider: 'cuda' | 'cpu'): Promise<Pipeline> => {
    reporter.message(`loading the UNet and the VAE decoder (ONNX Runtime, ${provider === 'cuda' ? 'CUDA' : 'CPU'})`);
    return openPipeline(folder, scheduler, provider);
  };
  if (device === 'cpu') return open('cpu');
  if (device !== 'auto') return open('cuda');
  if (!hasCudaProvider()) {
    if (existsSync('/dev/nvidiactl'))
      reporter.warn(`ONNX Runtime's CUDA provider is missing: the UNet computes on the CPU; ${CUDA_REMEDY}`);
    return open('cpu');
  }
  try {
    return await open('cuda');
  } catch (error) {
    const pipeline = await open('cpu'); // says what is wrong with the files, if that is it
    reporter.warn(`CUDA cannot be used for pictures (${messageOf(error)}): the UNet computes on the CPU`);
    return pipeline;
  }
}

/** Throws an `InputError` where pictures are to be drawn on a GPU, and ONNX Runtime has no part for it. */
function checkProvider(device: GenerateOptions['device']): void {
  if (device === 'cpu' || device === 'auto' || hasCudaProvider()) return;
  throw new InputError(
    `--device ${device}: expected ONNX Runtime's CUDA provider, found none; ${CUDA_REMEDY}, or leave --device out`,
  );
}

/** The npm package brings the CPU's library alone; its install script fetches the rest. */
const CUDA_REMEDY = '`npm rebuild onnxruntime-node --ignore-scripts=false` fetches it';

/** Draws one picture behind a progress bar. */
export async function drawOne(
  pipeline: Pipeline,
  { noise, width, height }: StartingNoise,
  embeddings: { readonly prompt: Embedding; readonly negative: Embedding },
  title: string,
  options: GenerateOptions,
  reporter: Reporter,
  onPreview?: (pixels: Pixels) => Promise<void>,
): Promise<Pixels> {
  const every = options.preview === true ? 5 : options.preview;
  const total = pipeline.countTimesteps(options.steps);
  const progress = reporter.progress(title, total, 'steps');
  try {
    const latents = await pipeline.denoise({
      noise,
      width,
      height,
      ...embeddings,
      guidance: options.guidance,
      steps: options.steps,
      oneByOne: options.lowMemory ?? false,
      async onStep(done, current) {
        progress.update(done);
        if (every !== undefined && done % every === 0 && done < total)
          await onPreview?.(await pipeline.decode(current, height, width));
      },
    });
    return await pipeline.decode(latents, height, width);
  } finally {
    progress.stop();
  }
}

/**
 * Writes a picture with what it was made from under the first name of a stem that is free, and adds it to the folder's
 * list.
 *
 * @returns its path
 */
export async function savePicture(
  folder: string,
  stem: string,
  picture: Omit<Picture, 'file'>,
  image: Pixels | Buffer,
): Promise<string> {
  const texts = textsOf(picture);
  const png = Buffer.isBuffer(image) ? withTexts(image, texts) : await encodePng(image, texts);
  const path = await writeNewFile(folder, numberedNames(stem, '.png'), png);
  await recordPicture(folder, { file: basename(path), ...picture });
  return path;
}

/** What stands in a picture's file. */
function textsOf(picture: Omit<Picture, 'file'>): Record<string, string> {
  const { prompts, negative, seed, steps, guidance, scheduler, width, height, encoders, pipeline } = picture;
  return {
    Software: `kd ${VERSION}`,
    prompt: prompts.join('\n'),
    negative_prompt: negative,
    seed: seed === undefined ? 'from a file' : String(seed),
    steps: String(steps),
    guidance_scale: String(guidance),
    scheduler,
    size: `${width}x${height}`,
    text_encoder: encoders.join('\n'),
    pipeline,
    ...recordChunk(picture),
  };
}
