/** @file Draws a picture and shows its progress. */
import type { StartingNoise } from '../../diffusion/noise.js';
import type { Pipeline } from '../../diffusion/pipeline.js';
import type { Embedding, Pixels } from '../../diffusion/tensors.js';
import type { Reporter } from '../reporter.js';
import type { GenerateOptions } from './options.js';

/** Time steps between previews by default. */
const PREVIEW_EVERY = 5;

/** A picture to be drawn. */
export interface PictureRequest {
  readonly noise: StartingNoise;
  readonly prompt: Embedding;
  readonly negative: Embedding;
  /** The title of the progress bar. */
  readonly title: string;
  /** Called every few time steps with the picture so far, if the options ask for previews. */
  readonly onPreview?: (pixels: Pixels) => Promise<void>;
}

/** Draws one picture and shows a progress bar. Throws the reporter's abort reason. */
export async function drawPicture(
  pipeline: Pipeline,
  { noise: { noise, width, height }, prompt, negative, title, onPreview }: PictureRequest,
  options: GenerateOptions,
  reporter: Reporter,
): Promise<Pixels> {
  const every = options.preview === true ? PREVIEW_EVERY : options.preview;
  const total = pipeline.countTimesteps(options.steps);
  const progress = reporter.progress(title, total, 'steps');
  try {
    const latents = await pipeline.denoise({
      noise,
      width,
      height,
      prompt,
      negative,
      guidance: options.guidance,
      steps: options.steps,
      oneByOne: options.lowMemory ?? false,
      async onStep(done, current) {
        progress.update(done);
        reporter.signal?.throwIfAborted();
        if (every !== undefined && done % every === 0 && done < total)
          await onPreview?.(await pipeline.decode(current, height, width));
      },
    });
    const pixels = await pipeline.decode(latents, height, width);
    reporter.signal?.throwIfAborted();
    return pixels;
  } finally {
    progress.stop();
  }
}
