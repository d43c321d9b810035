/** @file Checks, before loading a model, that ONNX Runtime can load it and run it on pictures of a given size. */
import { InferenceSession } from 'onnxruntime-node';
import { InputError } from '../base/errors.js';
import { PIXELS_PER_LATENT } from './latents.js';
import { loadOnnx, quieten } from './onnx.js';
import { versionFailure } from './onnx-failure.js';
import { outlineOf } from './onnx-outline.js';
import type { Port } from './onnx-signature.js';

/** The pictures that a model is to run on. */
export interface PicturesToRun {
  /** The model's input for latents, `[B, C, h, w]`. */
  readonly latents: Port;
  /** In pixels. */
  readonly height: number;
  readonly width: number;
}

/**
 * Checks that ONNX Runtime supports a file's versions and operators, and that the shapes of a picture fit from layer to
 * layer. It is given the graph without its weights, which takes little memory. Only if it refuses the graph for
 * pictures of any size is the whole model loaded, so that a model which it would accept is never rejected.
 *
 * @param isForGpu whether the model may be for a GPU, whose operators the CPU may lack: then only its versions and
 *   shapes are checked
 * @throws InputError for a model that cannot be loaded, or does not run on pictures of this size
 */
export async function checkLoads(location: string, pictures: PicturesToRun, isForGpu: boolean): Promise<void> {
  quieten();
  const sized = await failureAt(location, pictures);
  if (sized === undefined) return;
  const anySize = await failureAt(location);
  if (anySize === undefined) throw await sizeFailure(location, pictures);
  const failure = versionFailure(anySize, location);
  if (failure !== undefined) throw failure;
  if (!isForGpu) await (await loadOnnx(location, 'cpu')).release();
}

/** Why ONNX Runtime refuses a graph; undefined if it accepts it, or cannot check it without its weights. */
async function failureAt(location: string, pictures?: PicturesToRun): Promise<Error | undefined> {
  const outline = await outlineOf(location, pictures === undefined ? [] : [sizedInput(pictures)]);
  if (outline === undefined) return undefined;
  try {
    await (await InferenceSession.create(outline, AS_IT_IS)).release();
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

/** The input for latents of one size. */
function sizedInput({ latents, height, width }: PicturesToRun): Port {
  const [batch = '', channels = ''] = latents.shape;
  return { ...latents, shape: [batch, channels, height / PIXELS_PER_LATENT, width / PIXELS_PER_LATENT] };
}

/**
 * The sides of pictures may have to be multiples of these: a UNet halves latents several times and doubles them again.
 */
const MULTIPLES = [16, 32, 64, 128, 256];

/** The error for a size that does not fit; it suggests the nearest one that does. */
async function sizeFailure(location: string, pictures: PicturesToRun): Promise<InputError> {
  const start = `${location}: expected a picture whose size the model can halve and double, got `;
  const got = `${pictures.width} × ${pictures.height} pixels`;
  for (const multiple of MULTIPLES) {
    const nearest = (side: number): number => Math.max(1, Math.round(side / multiple)) * multiple;
    const [height, width] = [nearest(pictures.height), nearest(pictures.width)];
    if ((await failureAt(location, { ...pictures, height, width })) === undefined)
      return new InputError(`${start}${got}; give one that fits, such as --width ${width} --height ${height}`);
  }
  return new InputError(`${start}${got}; leave --width and --height out`);
}

/** Loads a graph unoptimised, and quietly. */
const AS_IT_IS: InferenceSession.SessionOptions = {
  executionProviders: ['cpu'],
  graphOptimizationLevel: 'disabled',
  logSeverityLevel: 4,
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
};
