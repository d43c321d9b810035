/** @file An intermediate picture that exists while the final one is being drawn. */
import { rm } from 'node:fs/promises';
import type { Pixels } from '../../diffusion/tensors.js';
import { encodePng } from '../../diffusion/png.js';
import { writeFileAtomic } from '../../base/files.js';
import { numberedNames, writeNewFile } from '../../base/new-file.js';

/**
 * Calls `draw` with a function that replaces the preview by the current picture, and removes the preview in the end.
 *
 * @param folder where the preview lies, under a unique name, as another process may draw the same
 * @param stem of the final picture's file
 * @returns what `draw` returns
 */
export async function withPreview<T>(
  folder: string,
  stem: string,
  draw: (show: (pixels: Pixels) => Promise<void>) => Promise<T>,
): Promise<T> {
  let path: string | undefined;
  try {
    return await draw(async (pixels) => {
      const png = await encodePng(pixels, {});
      if (path === undefined) path = await writeNewFile(folder, numberedNames(stem, '.preview.png'), png);
      else await writeFileAtomic(path, png);
    });
  } finally {
    if (path !== undefined) await rm(path, { force: true });
  }
}
