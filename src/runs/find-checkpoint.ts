/** @file Finds the checkpoint to resume a run from: the newest whose files all match its manifest. */
import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../base/errors.js';
import { LaterFormatError } from '../base/json-schema.js';
import { isPendingName, syncFolder } from '../base/files.js';
import { fileError } from '../base/system-errors.js';
import { removeStaleFiles } from '../base/stale-files.js';
import { checkFiles, parseManifest } from '../weights/manifest.js';
import {
  CHECKPOINT_FILES,
  checkpointNames,
  checkpointStep,
  folderOfCheckpoint,
  REPLACED,
  TEMPORARY,
} from './checkpoint-names.js';
import { parseTrainer, type TrainerFile } from './trainer-state.js';

/** A checkpoint from which a run can be resumed. */
export interface FoundCheckpoint {
  readonly name: string;
  readonly folder: string;
  readonly trainer: TrainerFile;
}

export interface Search {
  /** Absent if no checkpoint is intact. */
  readonly found: FoundCheckpoint | undefined;
  /** Newer checkpoints, and what is wrong with each. */
  readonly skipped: readonly { readonly name: string; readonly reason: string }[];
}

/** Prefix of checkpoints that are left over when a run resumes from an older one. */
const ASIDE = '.aside-';

/**
 * Removes what killed processes left unfinished, and restores the name of a checkpoint that was being replaced. Call it
 * under the run's lock.
 */
export async function tidyRun(run: string): Promise<void> {
  const names = await readdir(run);
  for (const name of names.filter((each) => each.startsWith(REPLACED))) {
    const original = name.slice(REPLACED.length);
    if (names.includes(original)) await rm(join(run, name), { recursive: true, force: true });
    else await rename(join(run, name), join(run, original));
  }
  for (const name of names.filter((each) => each.startsWith(TEMPORARY)))
    await rm(join(run, name), { recursive: true, force: true });
  removeStaleFiles(run, isPendingName); // reports are written without the lock, so only stale files
}

/**
 * Looks for the newest intact checkpoint. Changes nothing.
 *
 * @param check throws an InputError for an intact checkpoint of another run
 * @throws LaterFormatError if it comes upon a checkpoint of a later version first
 */
export async function findCheckpoint(run: string, check?: (trainer: TrainerFile) => void): Promise<Search> {
  const skipped: { name: string; reason: string }[] = [];
  for (const name of await checkpointNames(run)) {
    try {
      return { found: await openCheckpoint(run, name, check), skipped };
    } catch (error) {
      if (!(error instanceof InputError) || error instanceof LaterFormatError) throw error;
      skipped.push({ name, reason: error.message });
    }
  }
  return { found: undefined, skipped };
}

/**
 * Opens a checkpoint of a run after verifying all its files.
 *
 * @param check as in `findCheckpoint`
 * @throws InputError that says what is wrong with it
 */
export async function openCheckpoint(
  run: string,
  name: string,
  check?: (trainer: TrainerFile) => void,
): Promise<FoundCheckpoint> {
  const folder = await folderOfCheckpoint(run, name);
  const trainer = await checkCheckpoint(folder, name);
  check?.(trainer);
  return { name, folder, trainer };
}

/** Verifies all files of a checkpoint. Throws an InputError that says what is wrong. */
async function checkCheckpoint(folder: string, name: string): Promise<TrainerFile> {
  const files = parseManifest(await readText(join(folder, CHECKPOINT_FILES.manifest), CHECKPOINT_FILES.manifest));
  const needed = Object.values(CHECKPOINT_FILES).filter((file) => file !== CHECKPOINT_FILES.manifest);
  for (const file of needed)
    if (!(file in files))
      throw new InputError(`${CHECKPOINT_FILES.manifest}: expected ${file} among its files, but it is not`);
  await checkFiles(folder, files);
  const trainer = parseTrainer(
    await readText(join(folder, CHECKPOINT_FILES.trainer), CHECKPOINT_FILES.trainer),
    CHECKPOINT_FILES.trainer,
  );
  if (checkpointStep(name) !== trainer.state.step)
    throw new InputError(
      `${CHECKPOINT_FILES.trainer}: expected the step in the folder's name, got ${trainer.state.step}`,
    );
  return trainer;
}

/** Renames the checkpoints that are newer than the one a run resumes from, to free their names. */
export async function setAside(run: string, newerThan: string | undefined): Promise<string[]> {
  const names = await checkpointNames(run);
  const newer = newerThan === undefined ? names : names.slice(0, names.indexOf(newerThan));
  const taken = new Set(await readdir(run));
  const aside: string[] = [];
  for (const name of newer) {
    let free = `${ASIDE}${name}`;
    for (let count = 2; taken.has(free); count++) free = `${ASIDE}${name}-${count}`;
    await rename(join(run, name), join(run, free));
    aside.push(free);
  }
  if (aside.length > 0) await syncFolder(run);
  return aside;
}

async function readText(path: string, name: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw fileError(name, 'cannot be read', error);
  }
}
