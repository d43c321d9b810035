/** @file An intermediate picture that exists while the final one is being drawn. */
import { rm } from 'node:fs/promises';
import type { Pixels } from '../../diffusion/tensors.js';
import { encodePng } from '../../diffusion/png.js';
import { writeFileAtomic } from '../../base/files.js';
import { numberedNames, writeNewFile } from '../../base/new-file.js';

/** A picture that is shown while it is drawn. */
export interface Preview {
  /** Replaces the preview with the current picture. */
  readonly show: (pixels: Pixels) => Promise<void>;
  /** Removes it, if there is one. */
  readonly remove: () => Promise<void>;
}

/** Starts a preview next to the picture with this stem, under a unique name, as another process may draw the same. */
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
