/** @file How a run ends: what is said last, its report, and how to go on with it. */
import { basename, dirname, join, relative, resolve } from 'node:path';
import { NotFiniteStep } from '../../distill/steps.js';
import { bestOf } from '../../distill/train-state.js';
import type { TrainResult } from '../../distill/train.js';
import { InputError } from '../../base/errors.js';
import { formatCount, formatCounted, formatDuration } from '../../base/format.js';
import { checkpointName, checkpointNames } from '../../runs/checkpoint.js';
import { validationRow } from '../../runs/loss-log.js';
import { RUNS_FOLDER } from '../../runs/run-folder.js';
import { shellQuote } from '../../base/shell.js';
import type { Output } from '../../app/output.js';
import { reportAfterTraining } from './after-training.js';
import type { TrainSettings } from '../../training/settings.js';

/** A run that has come to an end, in one way or another. */
export interface EndedRun {
  /** Absolute path of its folder. */
  readonly folder: string;
  readonly settings: TrainSettings;
  /** The name of its newest checkpoint; undefined where none was saved. */
  readonly last: string | undefined;
}

/** The command that goes on with a run, as a shell takes it. */
export function resumeCommand(folder: string): string {
  const path = relative('.', folder);
  const isNamed = resolve(dirname(folder)) === resolve(RUNS_FOLDER);
  const target = isNamed ? basename(folder) : path.includes('/') ? path : `./${path}`;
  return `kd train --resume ${shellQuote(target)}`;
}

/**
 * Writes the report of a run that was trained to its end or stopped, and says so.
 *
 * @param seconds of training
 * @throws InputError where the run's last state is on no disk
 */
export async function sayEnd(run: EndedRun, result: TrainResult, seconds: number, output: Output): Promise<void> {
  const { folder, settings } = run;
  const { state, stopped } = result;
  const best = bestOf(state);
  await checkSaved(run, state.step);
  const report = await reportAfterTraining(folder, settings, output, { encodes: !stopped });
  const wayOn = stopped ? resumeCommand(folder) : undefined;
  output.result(
    [
      summary(relative(process.cwd(), folder), result, seconds),
      ...(report === undefined ? [] : [`report: ${report}`]),
      ...(wayOn === undefined ? [] : [`go on with: ${wayOn}`]),
    ].join('\n'),
    {
      event: 'done',
      run: folder,
      steps: state.step,
      stopped,
      skipped: state.skipped,
      best: best && validationRow(best),
      ...(report === undefined ? {} : { report }),
      ...(wayOn === undefined ? {} : { resume: wayOn }),
    },
  );
}

/**
 * What to say of an error that ended a run after its first step: beside the error, the checkpoint that is left and the
 * command that goes on from it. The report is written, too.
 */
export async function endedBy(error: unknown, run: EndedRun, output: Output): Promise<unknown> {
  const { folder, settings } = run;
  const names = await checkpointNames(folder).catch(() => undefined);
  if (names !== undefined) await reportAfterTraining(folder, settings, output, { encodes: false });
  const left = leftOf(run, names);
  if (error instanceof NotFiniteStep)
    return new InputError(
      `${error.message}; leave such steps out by --on-nan skip, ` +
        `or begin another run with a lower --learning-rate or a --max-grad-norm; ${left}`,
      { cause: error },
    );
  if (error instanceof NotSaved || !(error instanceof Error)) return error;
  if (error instanceof InputError) return new InputError(`${error.message}; ${left}`, { cause: error });
  output.warn(left);
  return error;
}

/**
 * What is left of a run, and the way on with it.
 *
 * @param names of the checkpoints in its folder, the newest first; undefined for a folder that is not there
 * @param first what is to be done before, as `make room and `
 */
function leftOf({ folder, last }: EndedRun, names: readonly string[] | undefined, first = ''): string {
  const command = resumeCommand(folder);
  if (names === undefined) {
    const saved = last === undefined ? 'nothing was saved in it' : `the last checkpoint saved in it is ${last}`;
    return `${saved}; if it was moved, move it back, and go on with: ${command}`;
  }
  const good = last !== undefined && names.includes(last) ? last : names.at(0);
  const way = good === undefined ? 'begin it anew with' : 'go on with';
  return `last good checkpoint: ${checkpointPath(folder, good)}; ${first}${way}: ${command}`;
}

/** The last state of a run is on no disk. */
class NotSaved extends InputError {
  readonly code = 'NOT_SAVED';
}

async function checkSaved(run: EndedRun, step: number): Promise<void> {
  const { folder, last } = run;
  if (step === 0 || last === checkpointName(step)) return;
  const names = await checkpointNames(folder).catch(() => undefined);
  const reason = names === undefined ? 'its folder is not there any more' : 'could not';
  throw new NotSaved(
    `${folder}: expected to save step ${step} at the end, but ${reason}; ${leftOf(run, names, 'make room and ')}`,
  );
}

/** `checkpoints/first/step-00000300` */
function checkpointPath(run: string, name: string | undefined): string {
  return name === undefined ? 'none was saved' : join(run, name);
}

/** `checkpoints/first: 300 steps in 0:00:41, validation loss 4.4321 → 0.6123 (best at step 300)` */
function summary(run: string, { state, stopped }: TrainResult, seconds: number): string {
  const { step, skipped, first } = state;
  const best = bestOf(state);
  if (step === 0) return `${run}: stopped before the first step`;
  const left = skipped === 0 ? '' : `, ${formatCount(skipped)} left out`;
  const done = `${stopped ? 'stopped and saved after ' : ''}${formatCounted(step, 'step')}${left}`;
  const trained = `${run}: ${done} in ${formatDuration(seconds)}`;
  if (first === undefined) return trained; // no validation pairs
  if (best === undefined) return stopped ? trained : `${trained}; no validation loss was a finite number`;
  return `${trained}, validation loss ${first.loss.toFixed(4)} → ${best.loss.toFixed(4)} (best at step ${best.step})`;
}
