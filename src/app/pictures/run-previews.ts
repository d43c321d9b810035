/** @file The previews of a run: pictures drawn from its checkpoints during training, and which of them still apply. */
import { join } from 'node:path';
import { readPictures, type Picture, type PreviewMark } from '../../diffusion/pictures.js';
import type { RunConfig } from '../../runs/run-config.js';
import type { PromptPair } from './prompts.js';
import type { PictureSettings } from './picture-settings.js';

/** The folder for previews in a run folder. */
export const PREVIEWS_FOLDER = 'previews';

/** A preview, as recorded in the list of its folder. */
export type PreviewPicture = Picture & { readonly preview: PreviewMark };

/**
 * Reads the previews that belong to a run as it is now, in the order in which they were drawn. If the run was resumed
 * from an earlier step, the previews of the steps that were undone stay in the folder but are left out here.
 */
export async function readPreviews(
  run: string,
  { resumed = [] }: Pick<RunConfig, 'resumed'>,
): Promise<PreviewPicture[]> {
  const pictures = await readPictures(join(run, PREVIEWS_FOLDER));
  return pictures.filter(isPreview).filter(({ preview }) => isOfRun(preview, resumed));
}

/** Whether the step of a preview was not undone by a later resumption. */
export function isOfRun(
  { step, resumed }: Pick<PreviewMark, 'step' | 'resumed'>,
  resumptions: readonly { readonly step: number }[],
): boolean {
  return resumptions.slice(resumed).every((later) => step <= later.step);
}

/** A key shared by all pictures of a prompt that can be compared, and so form one film strip. */
export function stripKey({ ko, en }: PromptPair, settings: PictureSettings): string {
  const { negative, seed, steps, guidance, scheduler, width, height, pipeline } = settings;
  return JSON.stringify([ko, en, negative, seed, steps, guidance, scheduler, width, height, pipeline]);
}

function isPreview(picture: Picture): picture is PreviewPicture {
  return picture.preview !== undefined;
}
