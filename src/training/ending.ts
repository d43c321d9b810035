/** @file How a run ends: whether its last state was saved, what an error left behind, and how to resume it. */
import { KD } from '../base/own-command.js';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { NotFiniteStep } from '../distill/steps.js';
import { InputError } from '../base/errors.js';
import { LostRank } from '../cluster/lost-rank.js';
import { checkpointName, checkpointNames } from '../runs/checkpoint.js';
import { RUNS_FOLDER } from '../runs/run-folder.js';
import { shellQuote } from '../base/shell.js';
import type { EndedRun, TrainContext } from './context.js';

/** The shell command that resumes a run. */
export function resumeCommand(folder: string): string {
  return `${KD} train --resume ${shellQuote(nameOf(folder))}`;
}

/** The shell command that writes a run's report. */
export function reportCommand(folder: string): string {
  return `${KD} report ${shellQuote(nameOf(folder))}`;
}

/** What a run is called on the command line: its name alone if it is under `checkpoints/`, otherwise its folder. */
function nameOf(folder: string): string {
  const path = relative('.', folder);
  if (resolve(dirname(folder)) === resolve(RUNS_FOLDER)) return basename(folder);
  return path.includes('/') ? path : `./${path}`;
}

/**
 * Extends an error that ended a run after its first step with the last checkpoint and the command that resumes from it.
 * Also writes the report, unless a rank was lost: that must be reported promptly.
 */
export async function explainFailure(
  error: unknown,
  run: EndedRun,
  { reporter, writeReport }: Pick<TrainContext, 'reporter' | 'writeReport'>,
): Promise<unknown> {
  const { folder } = run;
  const names = await checkpointNames(folder).catch(() => undefined);
  if (names !== undefined && !(error instanceof LostRank)) await writeReport?.(run, { encodes: false });
  const left = recoveryAdvice(run, names);
  if (error instanceof NotFiniteStep)
    error.add(
      (run.settings.onNan === 'skip' ? '' : 'skip such steps with --on-nan skip, or ') +
        'start another run with a lower --learning-rate or a --max-grad-norm',
    );
  if (error instanceof NotSaved || !(error instanceof Error)) return error;
  if (error instanceof InputError) return error.add(left);
  reporter.warn(left);
  return error;
}

/**
 * What is left of a run, and how to resume it.
 *
 * @param names the checkpoints in its folder, newest first; undefined if the folder is gone
 * @param first what must be done before resuming, such as `free some space and `
 */
function recoveryAdvice({ folder, last }: EndedRun, names: readonly string[] | undefined, first = ''): string {
  const command = resumeCommand(folder);
  if (names === undefined) {
    const saved = last === undefined ? 'nothing was saved in it' : `the last checkpoint saved in it is ${last}`;
    return `${saved}; if it was moved, move it back, and resume with: ${command}`;
  }
  const good = last !== undefined && names.includes(last) ? last : names.at(0);
  const way = good === undefined ? 'start over with' : 'resume with';
  return `last good checkpoint: ${checkpointPath(folder, good)}; ${first}${way}: ${command}`;
}

/** The last state of a run could not be saved. */
export class NotSaved extends InputError {
  override readonly code = 'NOT_SAVED';
}

/** Throws `NotSaved` if a run's last state is not on disk. */
export async function checkSaved(run: EndedRun, step: number): Promise<void> {
  const { folder, last } = run;
  if (step === 0 || last === checkpointName(step)) return;
  const names = await checkpointNames(folder).catch(() => undefined);
  const reason = names === undefined ? 'its folder is not there any more' : 'could not';
  throw new NotSaved(
    `${folder}: expected to save step ${step} at the end, but ${reason}; ` +
      recoveryAdvice(run, names, 'free some space and '),
  );
}

/** `checkpoints/first/step-00000300` */
function checkpointPath(run: string, name: string | undefined): string {
  return name === undefined ? 'none was saved' : join(run, name);
}
