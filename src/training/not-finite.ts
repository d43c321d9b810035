/** @file What to do about steps that are not finite: the commands that help, as resuming would only repeat them. */
import { join, relative } from 'node:path';
import { KD } from '../base/own-command.js';
import { shellCommand } from '../base/shell.js';
import { MAX_SKIPPED_IN_A_ROW } from '../distill/steps.js';
import { bestOf, type TrainState } from '../distill/train-state.js';
import { checkpointName, checkpointStep } from '../runs/checkpoint-names.js';
import { RUN_CONFIG } from '../runs/run-names.js';
import { stateAt } from '../runs/run-state.js';
import { resumeCommand } from './resume-command.js';
import type { TrainSettings } from './settings.js';

/** Whether so many steps before a state were skipped that the next one ends the run if it is not finite either. */
export function isAtSkipLimit({ skippedInARow }: TrainState): boolean {
  return skippedInARow >= MAX_SKIPPED_IN_A_ROW;
}

/** The norm to suggest for a run that has no limit. */
const USUAL_MAX_GRAD_NORM = 1;

/**
 * What to do about a run of which too many steps in a row were skipped: on the same machine, resuming it takes the same
 * steps again. It advises another run, from the best student if the run has validated one.
 *
 * @param names the run's checkpoints, newest first
 */
export async function adviceAtSkipLimit(
  folder: string,
  { learningRate, maxGradNorm, randomWeights }: TrainSettings,
  names: readonly string[],
): Promise<string> {
  const states = await Promise.all(names.map(async (name) => ({ name, state: await stateAt(folder, name) })));
  const newest = states.find(({ state }) => state !== undefined)?.state;
  const best = newest && bestOf(newest);
  const student = best && checkpointName(best.step);
  const here = relative('.', folder);
  const again = shellCommand([
    'train',
    '--config',
    join(here, RUN_CONFIG),
    ...(student === undefined || !names.includes(student) || randomWeights ? [] : ['--student', join(here, student)]),
    '--learning-rate',
    String(learningRate / 2),
    ...(maxGradNorm === undefined ? ['--max-grad-norm', String(USUAL_MAX_GRAD_NORM)] : []),
  ]);
  const before = states.find(({ state }) => state?.skippedInARow === 0)?.name;
  return (
    `resuming would take the same steps again; start another run with smaller ones: ${KD} ${again}` +
    (before === undefined
      ? ''
      : `; if the machine was at fault, resume from before them: ${resumeCommand(folder, checkpointStep(before))}`)
  );
}
