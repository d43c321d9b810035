/** @file Checks that text encoders fit an image model, which takes hidden states of one width. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PIPELINE_FILES, PIPELINE_GRAPH } from '../../diffusion/pipeline-files.js';
import { readSignature } from '../../diffusion/onnx-signature.js';
import { unetSignature, type UnetSignature } from '../../diffusion/unet.js';
import { InputError } from '../../base/errors.js';
import { fetchModel } from '../fetch-model.js';
import type { OpenEncoder } from '../open-encoder.js';
import type { Reporter } from '../reporter.js';

/** What an image model needs to know about a text encoder. */
export interface TextSource {
  /** The flag and name that it was given by, for messages. */
  readonly where: string;
  /** The width of its hidden states. */
  readonly width: number;
}

/** Describes an opened encoder for an image model. */
export function textSource({ label, model }: OpenEncoder): TextSource {
  return { where: `--encoder ${label}`, width: model.encoder.width };
}

/**
 * Checks that a UNet takes the encoders' hidden states.
 *
 * @param pipeline its name, for messages
 * @throws InputError if it does not
 */
export function checkEncodersFit(
  pipeline: string,
  { textWidth }: Pick<UnetSignature, 'textWidth'>,
  encoders: readonly TextSource[],
): void {
  const misfit = encoders.find(({ width }) => width !== (textWidth ?? width));
  if (misfit === undefined) return;
  throw new InputError(
    `${misfit.where}: expected hidden states ${textWidth} wide, as the UNet of ${pipeline} takes, got ` +
      `${misfit.width}; give another encoder or --pipeline: a student fits where its teacher is the text encoder`,
  );
}

/** The width of hidden states that published pipelines take, by hub id: known without a download. */
const PUBLISHED_WIDTHS: Readonly<Record<string, number>> = { 'CompVis/stable-diffusion-v1-4': 768 };

/**
 * Checks the same without contacting the hub, for a pipeline whose width is known.
 *
 * @throws InputError if an encoder does not fit
 */
export function checkEncodersFitPublished(pipeline: string, encoders: readonly TextSource[]): void {
  const [id] = pipeline.split('@');
  if (existsSync(pipeline) || !Object.hasOwn(PUBLISHED_WIDTHS, id!)) return;
  checkEncodersFit(pipeline, { textWidth: PUBLISHED_WIDTHS[id!] }, encoders);
}

/**
 * Checks the same for a pipeline on the hub before fetching its weights, which can be gigabytes beside the UNet's
 * graph. Does nothing for a folder.
 *
 * @throws InputError if an encoder does not fit, or the graph cannot be fetched
 */
export async function checkEncodersFitBeforeWeights(
  pipeline: string,
  encoders: readonly TextSource[],
  reporter: Reporter,
): Promise<void> {
  checkEncodersFitPublished(pipeline, encoders);
  const folder = await fetchModel(pipeline, '--pipeline', reporter, [PIPELINE_GRAPH]);
  if (folder === pipeline || encoders.length === 0) return;
  checkEncodersFit(pipeline, unetSignature(await readSignature(join(folder, PIPELINE_FILES.unet))), encoders);
}
