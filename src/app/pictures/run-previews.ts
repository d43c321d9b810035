/** @file The previews of a run: pictures that its training had drawn of its checkpoints, and which of them count. */
import { join } from 'node:path';
import { readPictures, type Picture, type PreviewMark } from '../../diffusion/pictures.js';
import type { RunConfig } from '../../runs/run-config.js';
import type { PromptPair } from './prompts.js';
import type { PictureSettings } from './picture-settings.js';

/** The folder for previews in a run's folder. */
export const PREVIEWS_FOLDER = 'previews';

/** A preview in the list of its folder. */
export type PreviewPicture = Picture & { readonly preview: PreviewMark };

/**
 * The previews of a run that belong to it as it is now, in the order in which they were drawn. Those of steps that were
 * taken back, as the run was resumed from an earlier one, stay in the folder and are left out here.
 */
export async function readPreviews(
  run: string,
  { resumed = [] }: Pick<RunConfig, 'resumed'>,
): Promise<PreviewPicture[]> {
  const pictures = await readPictures(join(run, PREVIEWS_FOLDER));
  return pictures.filter(isPreview).filter(({ preview }) => isOfRun(preview, resumed));
}

/** Whether a step was not taken back by a later resumption. */
export function isOfRun(
  { step, resumed }: Pick<PreviewMark, 'step' | 'resumed'>,
  resumptions: readonly { readonly step: number }[],
): boolean {
  return resumptions.slice(resumed).every((later) => step <= later.step);
}

/** The same for all pictures of a prompt that can be compared: of one film strip. */
export function stripKey({ ko, en }: PromptPair, settings: PictureSettings): string {
  const { negative, seed, steps, guidance, scheduler, width, height, pipeline } = settings;
  return JSON.stringify([ko, en, negative, seed, steps, guidance, scheduler, width, height, pipeline]);
}

function isPreview(picture: Picture): picture is PreviewPicture {
  return picture.preview !== undefined;
}
