import { resolveModelFolder, type ModelPart } from '../weights/hub.js';
import { formatBytes, type Output, type Progress } from './console.js';

/** The folder of a model, fetched from the hub behind a progress bar where it is not there yet. */
export async function fetchModel(idOrFolder: string, flag: string, output: Output, parts?: readonly ModelPart[]): Promise<string> {
  let bar: Progress | undefined;
  try {
    return await resolveModelFolder(idOrFolder, {
      flag,
      ...(parts === undefined ? {} : { parts }),
      onProgress: ({ bytesDone, bytesTotal }) => {
        bar ??= output.progress(idOrFolder, bytesTotal, 'bytes');
        bar.update(bytesDone, `${formatBytes(bytesDone)} of ${formatBytes(bytesTotal)}`);
      },
    });
  } finally {
    bar?.stop();
  }
}
