/**
 * @file What people call models: `clip` (the teacher), `roberta` (the student of the newest run), a run, a checkpoint of
 * one (`first:300`, `first:best`, `first:last`), a folder, a hub id.
 */
import { readdir } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { InputError } from '../errors.js';
import { checkpointName, CHECKPOINT } from './checkpoint.js';
import { isRun, readRunConfig } from './run-config.js';
import { newestRun, pointedAt, POINTERS, RUNS_FOLDER, type Pointer } from './run-folder.js';

/** A model that a name stands for. */
export interface NamedModel {
  /** What to call it in tables and messages. */
  readonly label: string;
  /** Its folder, or its id on the hub. */
  readonly source: string;
  /** Where its tokenizer is, if not with it. */
  readonly tokenizerSource?: string | undefined;
  /** The folder of the run that trained it. */
  readonly run?: string | undefined;
}

/** The teacher where no run says otherwise. */
const DEFAULT_TEACHER = 'openai/clip-vit-large-patch14';

/**
 * The model that a name stands for. A run's name comes before a folder of the same name: `./first` is the folder.
 * Whether a folder or hub id holds a model is seen when it is opened.
 *
 * @param flag the flag that gave the name, for messages
 * @param run the folder of the run whose teacher and student `clip` and `roberta` are; else the newest
 * @throws InputError for `roberta` without a run, and a checkpoint that a run does not have
 */
export async function resolveModelName(name: string, flag: string, run?: string): Promise<NamedModel> {
  if (name === 'clip') return teacherOf(run ?? (await newestRun()));
  if (name === 'roberta') {
    const newest = run ?? (await newestRun());
    if (newest === undefined) {
      throw new InputError(
        `${flag} roberta: expected a run under ${resolve(RUNS_FOLDER)}, found none; train one with kd train, or give a folder or hub id`,
      );
    }
    return checkpointOf(newest, undefined, flag, 'roberta');
  }
  const [, runName, place] = /^(.+?)(?::([^:/]+))?$/.exec(name) ?? [];
  const folder = runName === undefined ? undefined : await runFolderOf(runName);
  return folder === undefined ? { label: name, source: name } : checkpointOf(folder, place, flag, name);
}

/** The folder of the run of this name or at this path; undefined where there is none. */
export async function runFolderOf(nameOrFolder: string): Promise<string | undefined> {
  const named = nameOrFolder.includes('/') ? [] : [join(RUNS_FOLDER, nameOrFolder)];
  for (const folder of [...named, nameOrFolder]) if (await isRun(folder)) return folder;
  return undefined;
}

async function teacherOf(run: string | undefined): Promise<NamedModel> {
  if (run === undefined) return { label: 'clip', source: DEFAULT_TEACHER };
  const { teacher, settings } = await readRunConfig(run);
  return { label: 'clip', source: teacher.source, tokenizerSource: settings.teacherTokenizer as string | undefined };
}

/** A checkpoint of a run: the one at `place` (a step, `best` or `last`), else the best, else the newest. */
async function checkpointOf(run: string, place: string | undefined, flag: string, label: string): Promise<NamedModel> {
  const checkpoints = (await readdir(run)).filter((name) => CHECKPOINT.test(name)).sort();
  const wanted =
    place === undefined
      ? ((await pointedAt(run, 'best')) ?? (await pointedAt(run, 'last')) ?? checkpoints.at(-1))
      : await placeIn(run, place);
  if (wanted !== undefined && checkpoints.includes(wanted)) return { label, source: join(run, wanted), run };
  const there = checkpoints.length === 0 ? 'none yet' : checkpoints.join(', ');
  throw new InputError(
    `${flag} ${label}: expected ${wanted ?? 'a checkpoint'} in ${relative('.', run) || '.'}, which has ${there}; ` +
      `give one as run:step, run:best or run:last`,
  );
}

/** The name of the checkpoint at a place; undefined for a pointer that points nowhere, or what is no place. */
async function placeIn(run: string, place: string): Promise<string | undefined> {
  if ((POINTERS as readonly string[]).includes(place)) return pointedAt(run, place as Pointer);
  return /^\d+$/.test(place) ? checkpointName(Number(place)) : place;
}
