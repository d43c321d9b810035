/** @file A picture of how far a drawing is, which is there as long as it is being drawn. */
import { rm } from 'node:fs/promises';
import type { Pixels } from '../../diffusion/tensors.js';
import { encodePng } from '../../diffusion/png.js';
import { writeFileAtomic } from '../../base/files.js';
import { numberedNames, writeNewFile } from '../../base/new-file.js';

export interface Preview {
  /** Shows the picture as it is now, in the place of the last one. */
  readonly show: (pixels: Pixels) => Promise<void>;
  /** Removes it, if there is one. */
  readonly remove: () => Promise<void>;
}

/** A preview beside a picture of a stem, under a name of its own: another process may be drawing the same. */
export function startPreview(folder: string, stem: string): Preview {
  let path: string | undefined;
  return {
    async show(pixels) {
      const png = await encodePng(pixels, {});
      if (path === undefined) path = await writeNewFile(folder, numberedNames(stem, '.preview.png'), png);
      else await writeFileAtomic(path, png);
    },
    async remove() {
      if (path !== undefined) await rm(path, { force: true });
    },
  };
}
