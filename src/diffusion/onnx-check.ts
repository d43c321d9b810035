/** @file Whether ONNX Runtime can load a model, and run it on pictures of a size, found out before it is loaded. */
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
 * Checks that ONNX Runtime knows a file's versions, has its operators, and finds the shapes of a picture to fit from
 * layer to layer: it is given the graph without its weights, which takes little memory. Only a model whose graph it
 * refuses for pictures of any size is loaded as a whole, so that none is refused that it would take.
 *
 * @param isForGpu whether the model may be for a GPU, whose operators the processor need not have: then its versions
 *   and shapes alone are checked
 * @throws InputError for a model that cannot be loaded, or does not run on pictures of the size
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

/** Why ONNX Runtime refuses a graph; undefined where it takes it, or needs its weights to look at it. */
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

/** Of what sides of pictures may have to be multiples: a UNet halves latents several times, and doubles them again. */
const MULTIPLES = [16, 32, 64, 128, 256];

/** The error for a size that does not fit, with one near it that does. */
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

/** Nothing is computed, and nothing optimised. */
const AS_IT_IS: InferenceSession.SessionOptions = {
  executionProviders: ['cpu'],
  graphOptimizationLevel: 'disabled',
  logSeverityLevel: 4,
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
};
