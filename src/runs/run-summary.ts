/** @file Summarises runs for a list. */
import { realpath } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { bytesIn } from '../base/disk-space.js';
import { InputError } from '../base/errors.js';
import { bestValidation } from './best-validation.js';
import { checkpointNames, checkpointStep } from './checkpoint-names.js';
import { followValidationLog, lastLoggedStep } from './log-reader.js';
import { readRunConfig } from './run-config.js';
import { runsUnder } from './run-list.js';
import { RUNS_FOLDER } from './run-names.js';
import { knownPlan, runState } from './run-state.js';
import type { DamagedRun, RunSummary } from './run-states.js';

/** All runs under a folder, newest first. */
export async function summariseRuns(root: string = RUNS_FOLDER): Promise<(RunSummary | DamagedRun)[]> {
  const names = await runsUnder(root);
  return Promise.all(names.map((name) => summariseRun(join(root, name))));
}

/** Summarises the run in a folder. */
export async function summariseRun(folder: string): Promise<RunSummary | DamagedRun> {
  const what = { name: basename(folder), folder, bytes: await bytesIn(await realpath(folder)) };
  try {
    const config = await readRunConfig(folder);
    const plan = knownPlan(config);
    const { rows } = await followValidationLog(folder).next();
    const best = bestValidation(rows);
    const step = await stepsTaken(folder, rows.at(-1)?.step ?? 0);
    return {
      ...what,
      ...(await runState(folder, plan, step)),
      step,
      steps: plan.totalSteps,
      best: best === undefined ? null : { step: best.step, loss: best.loss },
      data: [config.settings.data ?? []].flat(),
      trainingPairs: config.data.training_pairs,
      created: config.created,
    };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { ...what, state: 'damaged', error: error.message };
  }
}

/** The last step in a run's logs or checkpoints. */
async function stepsTaken(folder: string, validated: number): Promise<number> {
  const [newest] = await checkpointNames(folder);
  return Math.max(await lastLoggedStep(folder), validated, newest === undefined ? 0 : checkpointStep(newest));
}
