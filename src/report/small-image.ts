/** @file Pictures small enough to embed in the page. */
import { readFile } from 'node:fs/promises';
import type { SmallImage } from './report-data.js';

const QUALITY = 82;

/**
 * Reads a picture and makes it small, as WebP.
 *
 * @param longest its longest side, in pixels; a smaller picture keeps its size
 * @throws the system's error, or sharp's for a file that is not a picture
 */
export async function smallImage(path: string, longest: number): Promise<SmallImage> {
  const { default: sharp } = await import('sharp'); // most runs have no pictures
  const { data, info } = await sharp(await readFile(path))
    .resize({ width: longest, height: longest, fit: 'inside', withoutEnlargement: true })
    .webp({ quality: QUALITY })
    .toBuffer({ resolveWithObject: true });
  return { image: `data:image/webp;base64,${data.toString('base64')}`, width: info.width, height: info.height };
}
