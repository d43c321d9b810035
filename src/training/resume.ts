/** @file Chooses the checkpoint that `kd train --resume` starts from, and checks whether the run can be resumed. */
import { join, relative } from 'node:path';
import type { InitialEngineState, ParameterValues } from '../distill/engine.js';
import type { TrainState } from '../distill/train-state.js';
import { InputError } from '../base/errors.js';
import { LaterFormatError } from '../base/json-schema.js';
import { openPretrained } from '../models/pretrained.js';
import type { Shapes } from '../models/text-encoder.js';
import { CHECKPOINT_FILES, checkpointNames } from '../runs/checkpoint-names.js';
import { findCheckpoint, openCheckpoint, type FoundCheckpoint, type Search } from '../runs/find-checkpoint.js';
import { checkpointAt } from '../runs/find-run.js';
import { readMoments } from '../runs/optimizer-state.js';
import type { TrainerFile } from '../runs/trainer-state.js';
import type { Reporter } from '../app/reporter.js';
import { adviceAtSkipLimit, isAtSkipLimit } from './not-finite.js';
import { checkBelongsToRun } from './own-checkpoint.js';
import { planOf, type ResumedRun } from './resumed-run.js';

/**
 * Chooses the checkpoint to resume a run from: the named one, or else the newest intact one. Changes nothing.
 *
 * @returns no checkpoint if the run has none yet and starts over
 * @throws InputError if the named checkpoint is missing, damaged or of another run, if all checkpoints are damaged, if
 *   a later version of kd wrote the newest, or if so many steps before the newest were skipped that it leads nowhere
 */
export async function chooseCheckpoint(
  { folder, checkpoint, config, settings }: ResumedRun,
  reporter: Reporter,
): Promise<Search> {
  const check = (trainer: TrainerFile): void => {
    checkBelongsToRun(config, trainer);
  };
  const run = relative(process.cwd(), folder) || '.';
  if (checkpoint !== undefined) {
    const name = await checkpointAt(folder, checkpoint, `--resume ${run}:${checkpoint}`);
    const found = await openCheckpoint(folder, name, check).catch(async (error: unknown) => {
      if (!(error instanceof InputError)) throw error;
      const others = (await checkpointNames(folder)).filter((other) => other !== name);
      throw new InputError(
        `--resume ${run}:${checkpoint}: expected an intact checkpoint, but in ${name} ${error.message}; ` +
          (others.length === 0 ? 'there is no other' : `the others are ${others.join(', ')}`),
      );
    });
    return { found, skipped: [] };
  }
  const { found, skipped } = await findCheckpoint(folder, check).catch((error: unknown) => {
    throw error instanceof LaterFormatError
      ? new InputError(`--resume ${run}: ${error.message}`, { cause: error })
      : error;
  });
  if (found === undefined && skipped.length > 0) {
    const reasons = skipped.map(({ name, reason }) => `${name} (${reason})`).join(', ');
    throw new InputError(
      `--resume ${run}: expected an intact checkpoint, found none: ${reasons}; restore what has changed, or start ` +
        'another run',
    );
  }
  for (const { name, reason } of skipped) reporter.warn(`skipped ${name}: ${reason}`, 'loss');
  if (found !== undefined && isAtSkipLimit(found.trainer.state))
    throw new InputError(
      `--resume ${run}: expected steps that can be taken, but the ${found.trainer.state.skippedInARow} before ` +
        `${found.name} were skipped, as they were not finite; ` +
        (await adviceAtSkipLimit(folder, settings, await checkpointNames(folder))),
    );
  return { found, skipped };
}

/**
 * The flags that would extend a finished run; undefined for an unfinished one.
 *
 * @throws InputError for fewer epochs or steps than have been completed
 */
export function extensionFlags(run: ResumedRun, state: TrainState): string | undefined {
  const { settings, changed } = run;
  const { epochs, maxSteps } = settings;
  const { stepsPerEpoch, totalSteps } = planOf(run);
  if (changed.includes('maxSteps') && maxSteps !== undefined && maxSteps < state.step)
    throw new InputError(
      `--max-steps ${maxSteps}: expected at least ${state.step}, the steps that are done; ` +
        'name an earlier checkpoint, or more steps',
    );
  if (changed.includes('epochs') && stepsPerEpoch * epochs < state.step)
    throw new InputError(
      `--epochs ${epochs}: expected at least ${Math.ceil(state.step / stepsPerEpoch)}, ` +
        `as ${state.step} steps are done and an epoch has ${stepsPerEpoch}; name an earlier checkpoint, or more epochs`,
    );
  if (state.step < totalSteps || !state.validated) return undefined;
  const isByEpochs = stepsPerEpoch * epochs <= (maxSteps ?? Infinity);
  const wanted = isByEpochs
    ? stepsPerEpoch * Math.max(2 * epochs, Math.ceil(state.step / stepsPerEpoch) + 1)
    : 2 * state.step;
  return [
    ...(stepsPerEpoch * epochs < wanted ? [`--epochs ${Math.ceil(wanted / stepsPerEpoch)}`] : []),
    ...(maxSteps !== undefined && maxSteps < wanted ? [`--max-steps ${wanted}`] : []),
  ].join(' ');
}

/** Loads an engine's initial state from a checkpoint. */
export async function loadInitialState(
  { folder, trainer }: FoundCheckpoint,
  trained: Shapes,
  teacher: ParameterValues,
): Promise<InitialEngineState> {
  const {
    updates,
    state: { step },
  } = trainer;
  return {
    teacher,
    student: (await openPretrained(folder, trainer.seed)).parameters(),
    optimizer: { steps: step, updates, moments: await readMoments(join(folder, CHECKPOINT_FILES.optimizer), trained) },
  };
}
