/**
 * @file Resolves names of runs and checkpoints. All commands accept the same names: `first`, `checkpoints/first` or
 * another path to a run's folder; for one of its checkpoints, `first:300`, `first:best`, `first:last` or
 * `first/step-00000300`.
 */
import { relative, resolve } from 'node:path';
import { InputError } from '../base/errors.js';
import { checkpointName, checkpointNames } from './checkpoint.js';
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
  readonly place: string | undefined;
}

/**
 * Finds the run and checkpoint that a name refers to. A run under `checkpoints/` takes precedence over a folder of the
 * same name; `./first` is the folder.
 *
 * @returns undefined if there is no such run
 * @throws InputError for a run that cannot be read
 */
export async function findRun(name: string): Promise<RunReference | undefined> {
  for (const [run, place] of readingsOf(name)) {
    const folders = run.includes('/') ? [run] : [`${RUNS_FOLDER}/${run}`, run];
    for (const folder of folders) if (await isRun(folder)) return { folder, name: run, place };
  }
  return undefined;
}

/** Whether a name can only refer to a run: it is a single word, names a checkpoint, or is under `checkpoints/`. */
export function isRunName(name: string): boolean {
  const [[whole], ...parted] = readingsOf(name);
  return (
    !whole.includes('/') ||
    parted.some(([run]) => !run.includes('/')) ||
    resolve(name).startsWith(`${resolve(RUNS_FOLDER)}/`)
  );
}

/**
 * The name of a run's checkpoint, from its place.
 *
 * @param place `best`, `last`, a step, or a checkpoint's name
 * @param where how an error message begins: what was asked for
 * @throws InputError that lists the existing checkpoints, if there is no such one
 */
export async function checkpointAt(run: string, place: string, where: string): Promise<string> {
  if (isPointer(place)) {
    const { named, names } = await lookAt(run, place);
    if (named != null && names.includes(named)) return named;
    throw lacking(misled(run, place, named, names, where));
  }
  const names = await checkpointNames(run);
  const wanted = nameOf(place);
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
  let misleading: string | undefined;
  for (const pointer of POINTERS) {
    const { named, names } = await lookAt(run, pointer);
    if (named != null && names.includes(named)) return usual(named, misleading);
    if (named !== undefined) misleading ??= misled(run, pointer, named, names, where);
  }
  const [newest] = await checkpointNames(run);
  return newest === undefined ? undefined : usual(newest, misleading);
}

function usual(name: string, misleading: string | undefined): UsualCheckpoint {
  return { name, ...(misleading === undefined ? {} : { warning: `${misleading}; ${name} is taken` }) };
}

/** Reads a pointer and the list of checkpoints together, consistently even while training changes them. */
async function lookAt(
  run: string,
  pointer: Pointer,
): Promise<{ readonly named: string | null | undefined; readonly names: readonly string[] }> {
  for (;;) {
    const named = await readPointer(run, pointer);
    const names = await checkpointNames(run);
    if (named === (await readPointer(run, pointer))) return { named, names };
  }
}

/** The error for an unknown run name, which lists the existing runs. */
export async function noSuchRun(where: string, expected: string): Promise<InputError> {
  return new InputError(`${where}: expected ${expected}, found none of that name; ${await runsInWords()}`);
}

/** At most this many runs or checkpoints are named in a message. */
const MAX_NAMED = 5;

/** `the runs there are: third, second, first` */
async function runsInWords(): Promise<string> {
  const runs = await runsUnder(RUNS_FOLDER);
  if (runs.length === 0) return `there is no run under ${resolve(RUNS_FOLDER)} yet`;
  const more = runs.length - MAX_NAMED;
  const named = runs.slice(0, MAX_NAMED).join(', ');
  return `the runs, newest first: ${named}${more > 0 ? ` and ${more} more` : ''}`;
}

function noCheckpoint(run: string, wanted: string, names: readonly string[], where: string): InputError {
  return lacking(`${where}: expected ${wanted} in ${nameOfFolder(run)}, which has ${inWords(names)}`);
}

/** The warning that `best` or `last` names no checkpoint of the run. */
function misled(
  run: string,
  pointer: Pointer,
  named: string | null | undefined,
  names: readonly string[],
  where: string,
): string {
  const got = named == null ? 'but it is not there, or damaged' : `but it names ${named}`;
  return (
    `${where}: expected \`${pointer}\` to name a checkpoint of ${nameOfFolder(run)}, ` +
    `which has ${inWords(names)}, ${got}`
  );
}

function lacking(what: string): InputError {
  return new InputError(
    `${what}; give one as run:step, run:best or run:last (training keeps the newest, --keep, and the best)`,
  );
}

function inWords(names: readonly string[]): string {
  const older = names.length - MAX_NAMED;
  const newest = names.slice(0, MAX_NAMED).reverse();
  return names.length === 0 ? 'none yet' : [...(older > 0 ? [`${older} older`] : []), ...newest].join(', ');
}

function nameOfFolder(run: string): string {
  return relative('.', run) || '.';
}

/** A run and one of its checkpoints. */
type Reading = [run: string, place: string | undefined];

/** The ways to read a name: as a run's, then as a run's and a checkpoint's. */
function readingsOf(name: string): [whole: Reading, ...parted: Reading[]] {
  const whole = name.length > 1 ? name.replace(/\/+$/, '') : name;
  const parted = /^(.+)([:/])([^:/]+)$/.exec(whole);
  if (parted === null) return [[whole, undefined]];
  const [, run, between, place] = parted;
  return between === ':' || isCheckpointName(place!)
    ? [
        [whole, undefined],
        [run!, place],
      ]
    : [[whole, undefined]];
}

/** The name of the checkpoint at a step, or the name itself. */
function nameOf(place: string): string {
  const step = /^(?:step-)?0*(\d{1,15})$/.exec(place)?.[1];
  return step === undefined ? place : checkpointName(Number(step));
}
