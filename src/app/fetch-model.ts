import { relative } from 'node:path';
import { InputError } from '../base/errors.js';
import { readConfig, type TextModelConfig } from '../models/config.js';
import { shellCommand } from '../base/shell.js';
import { whileThere } from '../runs/removed-checkpoint.js';
import { checkManifest } from '../weights/manifest.js';
import { resolveModelFolder, type ModelPart } from '../weights/hub.js';
import type { Progress, Reporter } from './reporter.js';

/**
 * Returns the folder of a model, fetching it from the hub with a progress bar if necessary.
 *
 * @param flag the flag that names the model, for messages
 * @throws InputError if there is no such folder or model, the hub cannot be reached, or a folder does not match its
 *   `manifest.json`; also, before weights are fetched, for a model of an unsupported family; the reporter's abort
 *   reason
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
 * Reads the configuration of a model and checks that its family is supported. From the hub, only the configuration is
 * fetched.
 *
 * @param flag the flag that names the model, for messages
 * @throws InputError if it is not supported or cannot be reached
 */
export async function checkFamily(idOrFolder: string, flag: string, reporter: Reporter): Promise<TextModelConfig> {
  return (await readConfig(await fetchParts(idOrFolder, flag, reporter, ['config']))).config;
}

/** The error for a teacher that is not a CLIP text model. */
export function notATeacher(
  sources: { readonly teacher: string; readonly student: string },
  teacher: TextModelConfig,
  student: TextModelConfig | undefined,
): InputError {
  const remedy =
    student?.family === 'clip-text'
      ? `the two seem to be swapped: --${shellCommand(['teacher', sources.student])} ` +
        `--${shellCommand(['student', sources.teacher])}`
      : "choose a CLIP such as openai/clip-vit-large-patch14: Stable Diffusion's UNet takes no other embeddings";
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
  reporter.signal?.throwIfAborted();
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
      signal: reporter.signal,
      onProgress: ({ bytesDone, bytesTotal }) => {
        bar ??= reporter.progress(idOrFolder, bytesTotal, 'bytes');
        bar.update(bytesDone);
      },
      onWait: (text) => {
        reporter.message(text);
      },
    });
    const isLocal = !relative(idOrFolder, folder).startsWith('..');
    if (isLocal) await checkManifest(idOrFolder); // files from the hub have been checked already
    return folder;
  }
}
