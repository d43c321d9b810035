/** @file How a run ends: whether its last state was saved, what an error left behind, and how to resume it. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { NotFiniteStepError } from '../distill/not-finite-step-error.js';
import { InputError } from '../base/errors.js';
import { LostRankError } from '../cluster/lost-rank.js';
import { checkpointName, checkpointNames } from '../runs/checkpoint-names.js';
import { RUN_CONFIG } from '../runs/run-names.js';
import type { EndedRun, TrainContext } from './context.js';
import { adviceAtSkipLimit } from './not-finite.js';
import { NotSavedError } from './not-saved-error.js';
import { OutOfMemoryError } from './out-of-memory.js';
import { resumeCommand } from './resume-command.js';
import { shellQuote } from '../base/shell.js';

/** Extends an error that ended a run in its first step, before which nothing has changed. */
export function explainFirstStep(error: unknown): unknown {
  return error instanceof NotFiniteStepError
    ? error.add('check both models, or skip such steps with --on-nan skip')
    : error;
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
  if (names !== undefined && !(error instanceof LostRankError)) await writeReport?.(run, { encodes: false });
  if (error instanceof NotFiniteStepError && names !== undefined) {
    if (run.settings.onNan === 'skip') return error.add(await adviceAtSkipLimit(folder, run.settings, names));
    error.add('start another run with a lower --learning-rate or a --max-grad-norm, or skip such steps');
    return error.add(recoveryAdvice(run, names, { flags: ' --on-nan skip' }));
  }
  const left = recoveryAdvice(run, names);
  if (error instanceof OutOfMemoryError) return error.inBegunRun().add(left);
  if (error instanceof NotSavedError || !(error instanceof Error)) return error;
  if (error instanceof InputError) return error.add(left);
  reporter.warn(left);
  return error;
}

/** What must be so before a run resumes whose last state could not be saved: the message has said why. */
export const ONCE_WRITABLE = "once the run's folder can be written, ";

/**
 * What is left of a run, and how to resume it.
 *
 * @param names the checkpoints in its folder, newest first; undefined if the folder is gone
 * @param first what must be so before resuming, such as `ONCE_WRITABLE`
 * @param flags what must change when resuming, such as ` --on-nan skip`
 */
export function recoveryAdvice(
  { folder, last, copy }: Omit<EndedRun, 'settings'>,
  names: readonly string[] | undefined,
  { first = '', flags = '' } = {},
): string {
  const command = `${resumeCommand(folder)}${flags}`;
  if (copy !== undefined) {
    const before = names === undefined ? 'if the folder was moved, move it back; ' : first;
    const move = `mv ${shellQuote(copy)} ${shellQuote(folder)} && rmdir ${shellQuote(dirname(copy))}`;
    return `a copy is in ${copy}; ${before}resume with: ${move} && ${command}`;
  }
  if (names === undefined) {
    const saved = last === undefined ? 'nothing was saved in it' : `the last checkpoint saved in it is ${last}`;
    return `${saved}; if it was moved, move it back, and resume with: ${command}`;
  }
  const good = last !== undefined && names.includes(last) ? last : names.at(0);
  const way = good === undefined ? 'start over with' : 'resume with';
  const before = existsSync(join(folder, RUN_CONFIG))
    ? first
    : `${first}restore ${RUN_CONFIG} there from a copy, then `;
  return `last good checkpoint: ${checkpointPath(folder, good)}; ${before}${way}: ${command}`;
}

/**
 * Throws `NotSavedError` if a run's last state is not on disk.
 *
 * @param refusal why the last attempt to save failed, if it did: a checkpoint of the same step may be there from before
 *   its validation
 */
export async function checkSaved(run: EndedRun, step: number, refusal: string | undefined): Promise<void> {
  const { folder, last } = run;
  if (step === 0 || (last === checkpointName(step) && refusal === undefined)) return;
  const names = await checkpointNames(folder).catch(() => undefined);
  const why = refusal === undefined ? '' : ` (${refusal})`;
  const reason = names === undefined ? 'its folder is not there any more' : `could not${why}`;
  throw new NotSavedError(
    `${folder}: expected to save step ${step} at the end, but ${reason}; ` +
      recoveryAdvice(run, names, { first: ONCE_WRITABLE }),
  );
}

/** `checkpoints/first/step-00000300` */
function checkpointPath(run: string, name: string | undefined): string {
  return name === undefined ? 'none was saved' : join(run, name);
}
