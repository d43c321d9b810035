/** @file The image model that draws: found, checked before its weights are read, and loaded. */
import { existsSync } from 'node:fs';
import { createScheduler } from '../../diffusion/create-scheduler.js';
import { hasCudaProvider } from '../../diffusion/onnx.js';
import { checkPipelineLoads, inspectPipeline, readScheduler } from '../../diffusion/pipeline-check.js';
import { PIPELINE_PART } from '../../diffusion/pipeline-files.js';
import { openPipeline, type Pipeline } from '../../diffusion/pipeline.js';
import type { SchedulerConfig } from '../../diffusion/scheduler-config.js';
import { InputError, messageOf } from '../../base/errors.js';
import { checkDevice } from '../../tensorflow/backend.js';
import { fetchModel } from '../fetch-model.js';
import type { Reporter } from '../reporter.js';
import { checkFit, checkFitBeforeWeights, type TextSource } from './encoder-fit.js';
import type { GenerateOptions } from './options.js';
import { startingNoise } from './starting-noise.js';

/** An image model's files, read as far as can be before its weights. */
export interface PipelineFolder {
  readonly folder: string;
  readonly scheduler: SchedulerConfig;
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
