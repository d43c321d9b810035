/** @file What the folders and files of a run's checkpoints are called. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { MANIFEST_FILE } from '../weights/manifest.js';

/** The files that every checkpoint has. */
export const CHECKPOINT_FILES = {
  weights: 'model.safetensors',
  optimizer: 'optimizer.safetensors',
  config: 'config.json',
  trainer: 'trainer.json',
  manifest: MANIFEST_FILE,
} as const;

/** Prefix of a folder that is not yet, or no longer, a checkpoint. */
export const TEMPORARY = '.tmp-';

/** Prefix of a checkpoint while it is replaced by a newer one of the same step. */
export const REPLACED = '.replaced-';

/** Matches the names of checkpoints. */
export const CHECKPOINT = /^step-\d{8,15}$/;

/** `step-00012345` */
export function checkpointName(step: number): string {
  return `step-${String(step).padStart(8, '0')}`;
}

/** The step in a checkpoint's name. */
export function checkpointStep(name: string): number {
  return Number(name.slice('step-'.length));
}

/** The names of a run's checkpoints, newest first, including one that a killed process was replacing. */
export async function checkpointNames(run: string): Promise<string[]> {
  const names = (await readdir(run)).map((name) => (name.startsWith(REPLACED) ? name.slice(REPLACED.length) : name));
  return [...new Set(names)]
    .filter((name) => CHECKPOINT.test(name))
    .sort((a, b) => checkpointStep(b) - checkpointStep(a));
}

/** The folder of a run's checkpoint: under its own name, or under its temporary name while it is being replaced. */
export async function folderOfCheckpoint(run: string, name: string): Promise<string> {
  const folder = join(run, name);
  return stat(folder).then(
    () => folder,
    () => join(run, `${REPLACED}${name}`),
  );
}
