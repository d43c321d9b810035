/**
 * @file The folder inside a model in which older versions of sentence-transformers put the transformer's own files:
 * `0_Transformer`, or `0_BERT` and `0_RoBERTa` before that. Newer versions put them where the model is.
 * Source: https://github.com/huggingface/sentence-transformers (SentenceTransformer.save)
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { exists } from '../base/existence.js';
import { CONFIG_FILE } from './config-file.js';

/**
 * The inner folder among a model's files; undefined if the model has a configuration of its own.
 *
 * @param paths of its files, or at least of all configurations
 */
export function innerFolderOf(paths: Iterable<string>): string | undefined {
  const names = [...paths];
  if (names.includes(CONFIG_FILE)) return undefined;
  return names.map((path) => /^(0_\w+)\/config\.json$/.exec(path)?.[1]).find((name) => name !== undefined);
}

/** Where the files of the model in a folder are: in its inner folder, if it has one. */
export async function withInnerFolder(folder: string): Promise<string> {
  const names = (await readdir(folder).catch(() => [])).sort();
  if (names.includes(CONFIG_FILE)) return folder;
  for (const name of names.filter((each) => /^0_\w+$/.test(each)))
    if (await exists(join(folder, name, CONFIG_FILE))) return join(folder, name);
  return folder;
}
