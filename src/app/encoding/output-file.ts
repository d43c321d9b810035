/** @file The output file of `kd encode`: a new file, or an earlier output to replace. */
import { stat } from 'node:fs/promises';
import { InputError } from '../../base/errors.js';
import { openSafetensors } from '../../weights/safetensors.js';

/** The tensors in the output. */
const OUTPUT_TENSORS = ['last_hidden_state', 'pooler_output', 'input_ids'] as const;

/**
 * Checks that a file may be replaced, to protect texts or weights of the same name.
 *
 * @throws InputError for a folder, and for an existing file that is neither empty nor an earlier output
 */
export async function checkOutputFile(path: string): Promise<void> {
  if (path === '-')
    throw new InputError(
      '--output -: expected a file, as standard output takes none; name one that ends in .safetensors',
    );
  const stats = await stat(path).catch(() => undefined);
  const isFolder = stats?.isDirectory() === true;
  if (!isFolder && (stats?.isFile() !== true || stats.size === 0 || (await isOutput(path)))) return;
  throw new InputError(
    `--output ${path}: expected no file yet, or an earlier output of kd encode, got ` +
      `${isFolder ? 'a folder' : 'another file'}; name another`,
  );
}

async function isOutput(path: string): Promise<boolean> {
  try {
    const file = await openSafetensors(path);
    await file.close();
    return OUTPUT_TENSORS.every((name) => file.tensors.has(name)) && file.tensors.size === OUTPUT_TENSORS.length;
  } catch (error) {
    if (error instanceof InputError) return false;
    throw error;
  }
}
