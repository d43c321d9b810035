/** @file Recognises folders of models, whose JSON files hold no pairs. */
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { anyObject } from '../base/json-schema.js';
import { soundJson } from '../base/parse-json.js';
import { isSystemError } from '../base/system-errors.js';
import { readMember, whyUnreadable, type ArchiveEntry } from './readers/archive.js';
import type { RandomAccess } from './readers/random-access.js';

const MODEL_CONFIG = 'config.json';
const MAX_CONFIG_BYTES = 1 << 16;

/** Whether a folder holds a model as the hub lays it out. */
export function isModelFolder(folder: string): boolean {
  const config = path.join(folder, MODEL_CONFIG);
  try {
    const stats = statSync(config, { throwIfNoEntry: false });
    if (stats === undefined || !stats.isFile() || stats.size > MAX_CONFIG_BYTES) return false;
    return isModelConfig(readFileSync(config, 'utf8'));
  } catch (error) {
    if (isSystemError(error)) return false;
    throw error;
  }
}

/** The paths of the folders of models in an archive. */
export function modelFoldersOf(entries: readonly ArchiveEntry[], archive: RandomAccess): ReadonlySet<string> {
  const isConfig = (entry: ArchiveEntry): boolean =>
    path.posix.basename(entry.path) === MODEL_CONFIG &&
    entry.member.size <= MAX_CONFIG_BYTES &&
    whyUnreadable(entry) === undefined;
  const ofModels = entries
    .filter(isConfig)
    .filter(({ path: inner, member }) =>
      isModelConfig(readMember(archive, member, `${archive.name}/${inner}`).toString('utf8')),
    );
  return new Set(ofModels.map(({ path: inner }) => path.posix.dirname(inner)));
}

/** Whether a `config.json` states a model's type. */
function isModelConfig(text: string): boolean {
  return 'model_type' in (soundJson(anyObject, text) ?? {});
}
