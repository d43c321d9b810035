import { readConfig } from '../models/config.js';
import { resolveModelFolder, type ModelPart } from '../weights/hub.js';
import type { Output } from './console.js';
import type { Progress } from './progress.js';

/**
 * The folder of a model, fetched from the hub behind a progress bar where it is not there yet.
 *
 * @param flag the flag that names the model, for messages
 * @throws InputError if there is no such folder or model, or the hub cannot be reached; before weights are fetched, also
 * for a model of a family that is not supported
 */
export async function fetchModel(idOrFolder: string, flag: string, output: Output, parts: readonly ModelPart[]): Promise<string> {
  if (parts.includes('weights')) await readConfig(await fetchParts(idOrFolder, flag, output, ['config']));
  return fetchParts(idOrFolder, flag, output, parts);
}

async function fetchParts(idOrFolder: string, flag: string, output: Output, parts: readonly ModelPart[]): Promise<string> {
  let bar: Progress | undefined;
  try {
    return await resolveModelFolder(idOrFolder, {
      flag,
      parts,
      onProgress: ({ bytesDone, bytesTotal }) => {
        bar ??= output.progress(idOrFolder, bytesTotal, 'bytes');
        bar.update(bytesDone);
      },
    });
  } finally {
    bar?.stop();
  }
}
