/** @file What `best` and `last` should name when a run is at a given checkpoint. */
import type { ValidationRecord } from '../distill/records.js';
import { bestOf } from '../distill/train-state.js';
import type { Reporter } from '../app/reporter.js';
import { checkpointName, checkpointNames } from '../runs/checkpoint-names.js';
import type { FoundCheckpoint, Search } from '../runs/find-checkpoint.js';
import { stateAt } from '../runs/run-state.js';
import { writePointer, removePointer, POINTERS, readPointer, type Pointer } from '../runs/run-folder.js';
import { withLock } from './held-lock.js';
import type { ResumedRun } from './resumed-run.js';

/**
 * Repairs `last` and `best` of a finished run. They are wrong if the process was killed, or the disk was full, after
 * the last checkpoint was saved. Changes nothing if they are right.
 *
 * @throws InputError while another process writes the run, and if the folder cannot be written
 */
export async function repairPointers(
  { folder, config }: ResumedRun,
  { found }: Search,
  reporter: Reporter,
): Promise<void> {
  const isValidated = config.data.validation_pairs > 0;
  const wanted = await expectedPointers(folder, found, isValidated);
  const named = await Promise.all(POINTERS.map((pointer) => readPointer(folder, pointer)));
  const wrong = POINTERS.filter((pointer, i) => named[i] !== wanted[pointer]);
  if (wrong.length === 0) return;
  await withLock(folder, reporter, () => resetPointers(folder, found, isValidated));
  for (const pointer of wrong)
    reporter.message(
      wanted[pointer] === undefined
        ? `\`${pointer}\` named a checkpoint that is not there; it is removed`
        : `\`${pointer}\` now names ${wanted[pointer]}, as it should have`,
    );
}

/** Resets `last` and `best` to what they named at a checkpoint, or removes them if that no longer exists. */
export async function resetPointers(
  run: string,
  found: FoundCheckpoint | undefined,
  isValidated: boolean,
): Promise<void> {
  const wanted = await expectedPointers(run, found, isValidated);
  for (const pointer of ['last', 'best'] as const) {
    const name = wanted[pointer];
    if (name !== undefined) await writePointer(run, pointer, name);
    else await removePointer(run, pointer);
  }
}

/** What `last` and `best` should name at a checkpoint; undefined if there is none. */
async function expectedPointers(
  run: string,
  found: FoundCheckpoint | undefined,
  isValidated: boolean,
): Promise<Readonly<Record<Pointer, string | undefined>>> {
  if (found === undefined || !(await checkpointNames(run)).includes(found.name))
    return { last: undefined, best: undefined };
  const best = await bestKept(run, found);
  return { last: found.name, best: isValidated ? best && checkpointName(best.step) : found.name };
}

/**
 * The best validation up to a checkpoint whose own checkpoint still exists. The best of all may be gone: an earlier
 * version of kd could not save it, or it was removed after a better one had been saved.
 */
export async function bestKept(
  run: string,
  { trainer: { state } }: Pick<FoundCheckpoint, 'trainer'>,
): Promise<ValidationRecord | undefined> {
  const names = await checkpointNames(run);
  const best = bestOf(state);
  if (best === undefined || names.includes(checkpointName(best.step))) return best;
  for (const name of names) {
    const then = await stateAt(run, name);
    const bestThen = then && bestOf(then);
    if (bestThen !== undefined && bestThen.step === then?.step && bestThen.step < state.step) return bestThen;
  }
  return undefined;
}
