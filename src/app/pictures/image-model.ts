/** @file Finds the image model, checks it before its weights are read, and loads it. */
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
import { checkEncodersFit, checkEncodersFitBeforeWeights, type TextSource } from './encoder-fit.js';
import type { GenerateOptions } from './options.js';
import { startingNoise } from './starting-noise.js';

/** An image model before its weights are read. */
export interface PipelineFolder {
  readonly folder: string;
  readonly scheduler: SchedulerConfig;
}

/**
 * Checks what can be checked before anything is fetched: the starting noise, and that the device is available.
 *
 * @throws InputError for a noise file that cannot be used, and a device that is not available
 */
export async function checkBeforeFetching(options: GenerateOptions): Promise<void> {
  await startingNoise(options);
  await checkDevice(options.backend, options.device);
  checkProvider(options.device);
}

/**
 * Finds the image model, fetching it if necessary, and checks everything that can be checked before loading it: that it
 * is a pipeline, supports the number of steps, the size of the picture and the encoders' hidden states, and that ONNX
 * Runtime can load it. `checkBeforeFetching` comes first.
 *
 * @throws InputError if any of these fails
 */
export async function findPipeline(
  options: GenerateOptions,
  encoders: readonly TextSource[],
  reporter: Reporter,
): Promise<PipelineFolder> {
  const { width, height } = await startingNoise(options);
  await checkEncodersFitBeforeWeights(options.pipeline, encoders, reporter);
  const folder = await fetchModel(options.pipeline, '--pipeline', reporter, [PIPELINE_PART]);
  const scheduler = await readScheduler(folder, options.scheduler);
  createScheduler(scheduler, options.steps);
  const signature = await inspectPipeline(folder);
  checkEncodersFit(options.pipeline, signature.unet, encoders);
  await checkPipelineLoads(signature, { height, width }, options.device !== 'cpu' && hasCudaProvider());
  return { folder, scheduler };
}

/** Loads the image model and reports the device it runs on. */
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
    const pipeline = await open('cpu'); // throws if the files are the problem
    reporter.warn(`CUDA cannot be used for pictures (${messageOf(error)}): the UNet computes on the CPU`);
    return pipeline;
  }
}

/** Throws an `InputError` if a GPU was requested but ONNX Runtime has no CUDA provider. */
function checkProvider(device: GenerateOptions['device']): void {
  if (device === 'cpu' || device === 'auto' || hasCudaProvider()) return;
  throw new InputError(
    `--device ${device}: expected ONNX Runtime's CUDA provider, found none; ${CUDA_REMEDY}, or leave --device out`,
  );
}

/** The npm package contains only the CPU library; its install script fetches the rest. */
const CUDA_REMEDY = '`npm rebuild onnxruntime-node --ignore-scripts=false` fetches it';
