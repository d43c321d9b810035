import { InputError } from '../base/errors.js';
import { readConfig, type TextModelConfig } from '../models/config.js';
import { shellCommand } from '../base/shell.js';
import { whileThere } from '../runs/removed-checkpoint.js';
import { checkManifest } from '../weights/manifest.js';
import { resolveModelFolder, type ModelPart } from '../weights/hub.js';
import type { Progress, Reporter } from './reporter.js';

/**
 * The folder of a model, fetched from the hub behind a progress bar where it is not there yet.
 *
 * @param flag the flag that names the model, for messages
 * @throws InputError if there is no such folder or model, or the hub cannot be reached; for a folder that is not as its
 * `manifest.json` says; before weights are fetched, also for a model of a family that is not supported
 */
export async function fetchModel(
  idOrFolder: string,
  flag: string,
  reporter: Reporter,
  parts: readonly ModelPart[],
): Promise<string> {
  if (parts.includes('weights')) await checkFamily(idOrFolder, flag, reporter);
  return fetchParts(idOrFolder, flag, reporter, parts);
}

/**
 * The configuration of a model, checked to be of a family that is supported; of one on the hub only its configuration
 * is fetched.
 *
 * @param flag the flag that names the model, for messages
 * @throws InputError if it is not, or cannot be reached
 */
export async function checkFamily(idOrFolder: string, flag: string, reporter: Reporter): Promise<TextModelConfig> {
  return (await readConfig(await fetchParts(idOrFolder, flag, reporter, ['config']))).config;
}

/** What to say of a teacher that is no CLIP text model. */
export function notATeacher(
  sources: { readonly teacher: string; readonly student: string },
  teacher: TextModelConfig,
  student: TextModelConfig | undefined,
): InputError {
  const remedy =
    student?.family === 'clip-text'
      ? `the two seem to be swapped: --${shellCommand(['teacher', sources.student])} ` +
        `--${shellCommand(['student', sources.teacher])}`
      : "choose a CLIP, as openai/clip-vit-large-patch14: Stable Diffusion's UNet takes the embeddings of no other";
  const family = teacher.family === 'bert' ? 'BERT' : 'RoBERTa';
  return new InputError(
    `--teacher ${sources.teacher}: expected a CLIP text model, got one of the ${family} family; ${remedy}`,
  );
}

async function fetchParts(
  idOrFolder: string,
  flag: string,
  reporter: Reporter,
  parts: readonly ModelPart[],
): Promise<string> {
  let bar: Progress | undefined;
  try {
    return await whileThere(idOrFolder, flag, resolve);
  } finally {
    bar?.stop();
  }

  async function resolve(): Promise<string> {
    const folder = await resolveModelFolder(idOrFolder, {
      flag,
      parts,
      onProgress: ({ bytesDone, bytesTotal }) => {
        bar ??= reporter.progress(idOrFolder, bytesTotal, 'bytes');
        bar.update(bytesDone);
      },
    });
    if (folder === idOrFolder) await checkManifest(folder); // what comes from the hub was checked by its own sums
    return folder;
  }
}
