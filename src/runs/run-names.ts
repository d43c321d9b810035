/** @file Which run names are allowed: those that every command can find and cannot mistake for anything else. */
import { basename, dirname, relative, resolve } from 'node:path';
import { InputError, printable } from '../base/errors.js';
import { describe } from '../base/json-schema.js';

/** The folder of all runs, under the current folder. */
export const RUNS_FOLDER = 'checkpoints';

/** What a run is called on the command line: its name alone if it is under `checkpoints/`, otherwise its folder. */
export function runArgument(folder: string): string {
  const path = relative('.', folder);
  if (resolve(dirname(folder)) === resolve(RUNS_FOLDER)) return basename(folder);
  return path.includes('/') ? path : `./${path}`;
}

/** The file that makes a folder a run: its options, versions and data. */
export const RUN_CONFIG = 'config.json';

/** Names of small files that each name a checkpoint of the run. */
export const POINTERS = ['best', 'last'] as const;
export type Pointer = (typeof POINTERS)[number];

/** The name of the best checkpoint of the newest run. */
export const NEWEST = 'roberta';

/** Names that stand for a model of a run. */
export const ALIASES = ['clip', NEWEST] as const;

/** Whether a name is one that refers to a checkpoint within its run's folder. */
export function isCheckpointName(name: string): boolean {
  return isPointer(name) || isStepName(name);
}

/** Whether a name is a checkpoint's folder name. */
export function isStepName(name: string): boolean {
  return /^step-\d+$/.test(name);
}

/** Whether a name is a pointer's: `best` or `last`. */
export function isPointer(name: string): name is Pointer {
  return (POINTERS as readonly string[]).includes(name);
}

/** The longest file name, in bytes. */
const LONGEST_NAME = 255;

/** What is wrong with names that no command could use. */
const FLAWS: readonly (readonly [isFlawed: (name: string) => boolean, flaw: string])[] = [
  [(name) => name.trim() === '', 'it is empty'],
  [(name) => name === '.' || name === '..' || name.includes('/'), 'it is a path'],
  [(name) => name.startsWith('.'), 'a folder whose name begins with a dot is not a run'],
  [(name) => name.startsWith('-'), 'it looks like a flag'],
  [(name) => name.includes(':'), 'a colon comes between a run and its checkpoint, as in first:300'],
  [(name) => name.includes(','), 'commas come between names, as in --compare first,second'],
  [(name) => printable(name) !== name, 'it has characters that cannot be shown'],
  [(name) => name.trim() !== name, 'it begins or ends with a space'],
  [(name) => name.endsWith('.'), 'it ends with a dot'],
  [(name) => (ALIASES as readonly string[]).includes(name), `${ALIASES.join(' and ')} stand for models of a run`],
  [isCheckpointName, 'that is how a checkpoint is named'],
  [(name) => Buffer.byteLength(name) > LONGEST_NAME, `it has more than ${LONGEST_NAME} bytes`],
];

/** Throws an `InputError` for an unusable run name. */
export function checkRunName(name: string): void {
  const expected = `--run: expected the name of a folder under ${RUNS_FOLDER}/, got ${describe(name)}`;
  const flaw = FLAWS.find(([isFlawed]) => isFlawed(name))?.[1];
  if (flaw !== undefined) throw new InputError(`${expected}: ${flaw}; choose another`);
}
