/**
 * @file Names of models: `clip` (the teacher), `roberta` (the student of the newest run), a run, one of its checkpoints
 * (`first:300`, `first:best`, `first:last`), a folder, or a hub id.
 */
import { KD } from '../base/own-command.js';
import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import { InputError } from '../base/errors.js';
import { folderOfCheckpoint } from './checkpoint-names.js';
import { checkpointAt, findRun, isRunName, noSuchRun, usualCheckpoint } from './find-run.js';
import { readRunConfig } from './run-config.js';
import { newestRun, RUNS_FOLDER } from './run-folder.js';

/** A model that a name refers to. */
export interface NamedModel {
  /** Its name in tables and messages. */
  readonly label: string;
  /** Its folder, or its id on the hub. */
  readonly source: string;
  /** Where its tokenizer is, if elsewhere. */
  readonly tokenizerSource?: string | undefined;
  /** The folder of the run that trained it. */
  readonly run?: string | undefined;
  /** A warning, if the name could only be resolved to something less than it says. */
  readonly warning?: string | undefined;
}

/** The teacher unless a run says otherwise. */
const DEFAULT_TEACHER = 'openai/clip-vit-large-patch14';

/**
 * Resolves the name of a model. A run takes precedence over a folder of the same name; `./first` is the folder. Whether
 * a folder or hub id contains a model is only checked when it is opened.
 *
 * @param flag the flag with the name, for messages
 * @param run the folder of the run whose teacher and student `clip` and `roberta` refer to; by default the newest run
 * @throws InputError for `roberta` without a run, an unknown run, or a checkpoint that a run does not have
 */
export async function resolveModelName(name: string, flag: string, run?: string): Promise<NamedModel> {
  if (name === 'clip') return teacherOf(run ?? (await newestRun()));
  if (name === 'roberta') {
    const newest = run ?? (await newestRun());
    if (newest === undefined) {
      throw new InputError(
        `${flag} roberta: expected a run under ${resolve(RUNS_FOLDER)}, found none; train one with ${KD} train, or ` +
          'give a folder or hub id',
      );
    }
    return checkpointOf(newest, undefined, flag, 'roberta');
  }
  const found = await findRun(name);
  if (found !== undefined) return checkpointOf(found.folder, found.checkpoint, flag, name);
  if (isRunName(name) && !(await isThere(name)))
    throw await noSuchRun(`${flag} ${name}`, "a run, its folder, a model's folder or a model on the hub as owner/name");
  return { label: name, source: name };
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    (error: unknown) => (error as NodeJS.ErrnoException).code === 'EACCES',
  );
}

async function teacherOf(run: string | undefined): Promise<NamedModel> {
  if (run === undefined) return { label: 'clip', source: DEFAULT_TEACHER };
  const { teacher, settings } = await readRunConfig(run);
  return { label: 'clip', source: teacher.source, tokenizerSource: settings.teacherTokenizer };
}

/** A checkpoint of a run: the named one (a step, `best` or `last`), or the usual one. */
async function checkpointOf(
  run: string,
  checkpoint: string | undefined,
  flag: string,
  label: string,
): Promise<NamedModel> {
  const where = `${flag} ${label}`;
  const { name, warning } =
    checkpoint === undefined
      ? await usualCheckpoint(run, where)
      : { name: await checkpointAt(run, checkpoint, where), warning: undefined };
  return { label, source: await folderOfCheckpoint(run, name), run, ...(warning === undefined ? {} : { warning }) };
}
