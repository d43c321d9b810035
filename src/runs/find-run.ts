/**
 * @file Resolves names of runs and checkpoints. All commands accept the same names: `first`, `checkpoints/first` or
 * another path to a run's folder; for one of its checkpoints, `first:300`, `first:best`, `first:last` or
 * `first/step-00000300`.
 */
import { relative, resolve } from 'node:path';
import { InputError } from '../base/errors.js';
import { checkpointName, checkpointNames } from './checkpoint-names.js';
import { isRun } from './run-list.js';
import { readPointer, runsUnder } from './run-folder.js';
import { isCheckpointName, isPointer, POINTERS, RUNS_FOLDER, type Pointer } from './run-names.js';

/** A run, as a name refers to it. */
export interface RunReference {
  /** The run's folder, relative to the current one. */
  readonly folder: string;
  /** The part of the name that refers to the run. */
  readonly name: string;
  /** Which checkpoint: `best`, `last`, a step, or a checkpoint's name; absent if the name is of a run alone. */
  readonly checkpoint: string | undefined;
}

/**
 * Finds the run and checkpoint that a name refers to. A run under `checkpoints/` takes precedence over a folder of the
 * same name; `./first` is the folder.
 *
 * @returns undefined if there is no such run
 * @throws InputError for a run that cannot be read
 */
export async function findRun(name: string): Promise<RunReference | undefined> {
  for (const { run, checkpoint } of interpretationsOf(name)) {
    const folders = run.includes('/') ? [run] : [`${RUNS_FOLDER}/${run}`, run];
    for (const folder of folders) if (await isRun(folder)) return { folder, name: run, checkpoint };
  }
  return undefined;
}

/** Whether a name can only refer to a run: it is a single word, names a checkpoint, or is under `checkpoints/`. */
export function isRunName(name: string): boolean {
  const [ofRun, ofCheckpoint] = interpretationsOf(name);
  return (
    !ofRun.run.includes('/') ||
    ofCheckpoint?.run.includes('/') === false ||
    resolve(name).startsWith(`${resolve(RUNS_FOLDER)}/`)
  );
}

/**
 * The folder name of a run's checkpoint.
 *
 * @param checkpoint `best`, `last`, a step, or a checkpoint's name
 * @param where how an error message begins: what was asked for
 * @throws InputError that lists the existing checkpoints, if there is no such one
 */
export async function checkpointAt(run: string, checkpoint: string, where: string): Promise<string> {
  if (isPointer(checkpoint)) {
    const { target, names } = await readPointerAndNames(run, checkpoint);
    if (target != null && names.includes(target)) return target;
    throw checkpointError(pointerFault(run, checkpoint, { target, names }, where));
  }
  const names = await checkpointNames(run);
  const wanted = folderNameOf(checkpoint);
  if (names.includes(wanted)) return wanted;
  throw noCheckpoint(run, wanted, names, where);
}

/** The checkpoint that a run's name alone refers to. */
export interface UsualCheckpoint {
  readonly name: string;
  /** A warning, if `best` or `last` should have named it but names no checkpoint. */
  readonly warning?: string;
}

/**
 * The checkpoint that a run's name alone refers to: the best, else the last, else the newest. A pointer to a missing
 * checkpoint is skipped with a warning. Throws as `checkpointAt`.
 */
export async function usualCheckpoint(run: string, where: string): Promise<UsualCheckpoint> {
  const found = await usualCheckpointIfAny(run, where);
  if (found === undefined) throw noCheckpoint(run, 'a checkpoint', [], where);
  return found;
}

/** As `usualCheckpoint`; undefined for a run that has no checkpoint yet. */
export async function usualCheckpointIfAny(run: string, where: string): Promise<UsualCheckpoint | undefined> {
  let fault: string | undefined;
  const withWarning = (name: string): UsualCheckpoint =>
    fault === undefined ? { name } : { name, warning: `${fault}; ${name} is taken` };
  for (const pointer of POINTERS) {
    const { target, names } = await readPointerAndNames(run, pointer);
    if (target != null && names.includes(target)) return withWarning(target);
    if (target !== undefined) fault ??= pointerFault(run, pointer, { target, names }, where);
  }
  const [newest] = await checkpointNames(run);
  return newest === undefined ? undefined : withWarning(newest);
}

/** A pointer, and the checkpoints that there are. */
interface PointerAndNames {
  /** The checkpoint that the pointer names; undefined if there is no pointer, null if it is damaged. */
  readonly target: string | null | undefined;
  /** The run's checkpoints, newest first. */
  readonly names: readonly string[];
}

/** Reads a pointer and the list of checkpoints together, consistently even while training changes them. */
async function readPointerAndNames(run: string, pointer: Pointer): Promise<PointerAndNames> {
  for (;;) {
    const target = await readPointer(run, pointer);
    const names = await checkpointNames(run);
    if (target === (await readPointer(run, pointer))) return { target, names };
  }
}

/** The error for an unknown run name, which lists the existing runs. */
export async function noSuchRun(where: string, expected: string): Promise<InputError> {
  return new InputError(`${where}: expected ${expected}, found none of that name; ${await listRuns()}`);
}

/** At most this many runs or checkpoints are named in a message. */
const MAX_NAMED = 5;

/** `the runs, newest first: third, second, first` */
async function listRuns(): Promise<string> {
  const runs = await runsUnder(RUNS_FOLDER);
  if (runs.length === 0) return `there is no run under ${resolve(RUNS_FOLDER)} yet`;
  const more = runs.length - MAX_NAMED;
  const named = runs.slice(0, MAX_NAMED).join(', ');
  return `the runs, newest first: ${named}${more > 0 ? ` and ${more} more` : ''}`;
}

function noCheckpoint(run: string, wanted: string, names: readonly string[], where: string): InputError {
  return checkpointError(`${where}: expected ${wanted} in ${relativePath(run)}, which has ${listCheckpoints(names)}`);
}

/** What is wrong with a pointer that names no checkpoint of the run. */
function pointerFault(run: string, pointer: Pointer, { target, names }: PointerAndNames, where: string): string {
  const found = target == null ? 'but it is not there, or damaged' : `but it names ${target}`;
  return (
    `${where}: expected \`${pointer}\` to name a checkpoint of ${relativePath(run)}, ` +
    `which has ${listCheckpoints(names)}, ${found}`
  );
}

/** The error for a checkpoint that a run does not have. */
function checkpointError(fault: string): InputError {
  return new InputError(
    `${fault}; give one as run:step, run:best or run:last (training keeps the newest, --keep, and the best)`,
  );
}

/** `2 older, step-00000200, step-00000300`, oldest first; `none yet`. */
function listCheckpoints(names: readonly string[]): string {
  if (names.length === 0) return 'none yet';
  const older = names.length - MAX_NAMED;
  const newest = names.slice(0, MAX_NAMED).reverse();
  return [...(older > 0 ? [`${older} older`] : []), ...newest].join(', ');
}

function relativePath(run: string): string {
  return relative('.', run) || '.';
}

/** What a name may mean: a run, and perhaps one of its checkpoints. */
interface Interpretation {
  readonly run: string;
  readonly checkpoint: string | undefined;
}

/** What a name may mean: first a run, then, if it can be divided into both, a run's checkpoint. */
function interpretationsOf(name: string): [ofRun: Interpretation, ...ofCheckpoint: Interpretation[]] {
  const path = name.length > 1 ? name.replace(/\/+$/, '') : name;
  const ofRun: Interpretation = { run: path, checkpoint: undefined };
  const [, run, separator, checkpoint] = /^(.+)([:/])([^:/]+)$/.exec(path) ?? [];
  if (run === undefined || checkpoint === undefined) return [ofRun];
  return separator === ':' || isCheckpointName(checkpoint) ? [ofRun, { run, checkpoint }] : [ofRun];
}

/** The folder name of the checkpoint at a step; any other name unchanged. */
function folderNameOf(checkpoint: string): string {
  const step = /^(?:step-)?0*(\d{1,15})$/.exec(checkpoint)?.[1];
  return step === undefined ? checkpoint : checkpointName(Number(step));
}
