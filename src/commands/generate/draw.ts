import { findTrouble } from '../../diffusion/picture-check.js';
import { fileStemOf, type Picture } from '../../diffusion/pictures.js';
import { SCHEDULER_CLASSES } from '../../diffusion/scheduler-config.js';
import type { Output } from '../console.js';
import { openEncoder } from '../open-encoder.js';
import type { GenerateFlags } from './index.js';
import { startPreview } from './preview.js';
import { drawOne, embed, findPipeline, loadPipeline, picturesFolder, savePicture, startingNoise } from './studio.js';

/** Draws each prompt, `--count` times. */
export async function draw(prompts: readonly string[], flags: GenerateFlags, output: Output): Promise<void> {
  const encoder = await openEncoder({ name: flags.encoder, flag: '--encoder' }, output);
  await startingNoise(flags);
  const files = await findPipeline(flags, output);
  const [negative, ...embeddings] = await embed([flags.negative, ...prompts], encoder, flags, output);
  const pipeline = await loadPipeline(files, [encoder], flags, output);
  try {
    const folder = await picturesFolder(flags, encoder);
    for (const [i, prompt] of prompts.entries()) {
      for (let index = 0; index < flags.count; index++) {
        const noise = await startingNoise(flags, index);
        const seed = flags.latents === undefined ? flags.seed + index : undefined;
        const stem = fileStemOf(prompt, seed ?? 'latents');
        const preview = startPreview(folder, stem);
        const guided = { prompt: embeddings[i], negative };
        const pixels = await drawOne(pipeline, noise, guided, prompt, flags, output, preview.show).finally(
          preview.remove,
        );
        const trouble = findTrouble(pixels);
        const picture: Omit<Picture, 'file'> = {
          kind: 'picture',
          prompts: [prompt],
          negative: flags.negative,
          seed,
          steps: flags.steps,
          guidance: flags.guidance,
          scheduler: SCHEDULER_CLASSES[flags.scheduler],
          width: noise.width,
          height: noise.height,
          encoders: [encoder.label],
          pipeline: flags.pipeline,
          trouble,
        };
        const path = await savePicture(folder, stem, picture, pixels);
        if (trouble !== undefined) output.warn(`${path}: ${trouble}`);
        output.result(path, {
          event: 'picture',
          output: path,
          prompt,
          seed,
          ...(trouble === undefined ? {} : { trouble }),
        });
      }
    }
  } finally {
    await pipeline.release();
  }
}
