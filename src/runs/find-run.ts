/**
 * @file The run and the checkpoint that a name means. All commands take the same names: `first`, `checkpoints/first` or
 * another path of a run's folder; and for one of its checkpoints `first:300`, `first:best`, `first:last`,
 * `first/step-00000300`.
 */
import { relative, resolve } from 'node:path';
import { InputError } from '../errors.js';
import { checkpointName, checkpointNames } from './checkpoint.js';
import { isRun } from './run-config.js';
import { pointedAt, runsUnder } from './run-folder.js';
import { isCheckpointName, isPointer, RUNS_FOLDER } from './run-names.js';

/** A run that a name means. */
export interface RunReference {
  /** The run's folder, from the current one. */
  readonly folder: string;
  /** What the name says of the run alone. */
  readonly name: string;
  /** Which of its checkpoints is meant: `best`, `last`, a step, or a checkpoint's name; absent where it says none. */
  readonly place: string | undefined;
}

/**
 * The run that a name means, and which checkpoint of it. A run under `checkpoints/` comes before a folder of the same
 * name: `./first` is the folder.
 *
 * @returns undefined where no run is called so
 * @throws InputError for a run that may not be read
 */
export async function findRun(name: string): Promise<RunReference | undefined> {
  for (const [run, place] of readingsOf(name)) {
    const folders = run.includes('/') ? [run] : [`${RUNS_FOLDER}/${run}`, run];
    for (const folder of folders) if (await isRun(folder)) return { folder, name: run, place };
  }
  return undefined;
}

/** Whether a name can mean nothing but a run: it is one name, names a checkpoint, or lies under `checkpoints/`. */
export function isRunName(name: string): boolean {
  const [[whole], ...parted] = readingsOf(name);
  return (
    !whole.includes('/') ||
    parted.some(([run]) => !run.includes('/')) ||
    resolve(name).startsWith(`${resolve(RUNS_FOLDER)}/`)
  );
}

/**
 * The name of the checkpoint at a place of a run.
 *
 * @param where begins the message of an error: what was asked for
 * @throws InputError that lists the checkpoints that there are, where this is none of them
 */
export async function checkpointAt(run: string, place: string, where: string): Promise<string> {
  const names = await checkpointNames(run);
  const wanted = await nameOf(run, place);
  if (wanted !== undefined && names.includes(wanted)) return wanted;
  throw noCheckpoint(run, wanted, names, where);
}

/** The checkpoint that a run without more stands for: the best, else the last, else the newest. Throws as `checkpointAt`. */
export async function usualCheckpoint(run: string, where: string): Promise<string> {
  const names = await checkpointNames(run);
  const pointers = [await pointedAt(run, 'best'), await pointedAt(run, 'last')];
  const found = [...pointers, names[0]].find((name) => name !== undefined && names.includes(name));
  if (found !== undefined) return found;
  throw noCheckpoint(run, undefined, names, where);
}

/** The error for a name that no run has; it says which runs there are. */
export async function noSuchRun(where: string, expected: string): Promise<InputError> {
  return new InputError(`${where}: expected ${expected}, found none of that name; ${await runsInWords()}`);
}

/** So many runs or checkpoints are named in a message. */
const MOST_NAMED = 5;

/** `the runs there are: third, second, first` */
export async function runsInWords(): Promise<string> {
  const runs = await runsUnder(RUNS_FOLDER);
  if (runs.length === 0) return `there is no run under ${resolve(RUNS_FOLDER)} yet`;
  const more = runs.length - MOST_NAMED;
  return `the runs there are, the newest first: ${runs.slice(0, MOST_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function noCheckpoint(run: string, wanted: string | undefined, names: readonly string[], where: string): InputError {
  const older = names.length - MOST_NAMED;
  const newest = names.slice(0, MOST_NAMED).reverse();
  const there = names.length === 0 ? 'none yet' : [...(older > 0 ? [`${older} older`] : []), ...newest].join(', ');
  return new InputError(
    `${where}: expected ${wanted ?? 'a checkpoint'} in ${relative('.', run) || '.'}, which has ${there}; ` +
      `give one as run:step, run:best or run:last (training keeps the newest, --keep, and the best)`,
  );
}

/** How a name can be read: as a run's, then as a run's and a checkpoint's. */
function readingsOf(name: string): [run: string, place: string | undefined][] {
  const whole = name.length > 1 ? name.replace(/\/+$/, '') : name;
  const parted = /^(.+)([:/])([^:/]+)$/.exec(whole);
  if (parted === null) return [[whole, undefined]];
  const [, run, between, place] = parted;
  return between === ':' || isCheckpointName(place)
    ? [
        [whole, undefined],
        [run, place],
      ]
    : [[whole, undefined]];
}

/** The name of the checkpoint at a place; undefined for a pointer that points nowhere, or what is no place. */
async function nameOf(run: string, place: string): Promise<string | undefined> {
  if (isPointer(place)) return pointedAt(run, place);
  const step = /^(?:step-)?0*(\d{1,15})$/.exec(place)?.[1];
  return step === undefined ? place : checkpointName(Number(step));
}
