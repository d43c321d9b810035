/** @file Saving a run: what goes into a checkpoint, and what to do if the disk is full. */
import type { Engine } from '../distill/engine.js';
import { trainableParameters, type Distillation } from '../distill/loss.js';
import { bestOf, type TrainState } from '../distill/train-state.js';
import { InputError, messageOf } from '../base/errors.js';
import { systemReason } from '../base/system-errors.js';
import { exportedConfig } from '../models/exported-config.js';
import type { Shapes } from '../models/text-encoder.js';
import { checkpointName } from '../runs/checkpoint-names.js';
import { checkpointBytes, pruneCheckpoints, writeCheckpoint, type CheckpointContents } from '../runs/checkpoint.js';
import { NotPointedAtError } from '../runs/not-pointed-at-error.js';
import { freeDiskBytes } from '../base/disk-space.js';
import type { LoggedRows } from '../runs/logged-rows.js';
import { trainerText } from '../runs/trainer-state.js';
import type { Reporter } from '../app/reporter.js';
import { formatBytes, formatBytesApart, formatCount } from '../base/format.js';
import { distillationOf } from './engine-parts.js';
import type { PreparedRun } from './prepared-run.js';

/** Bytes to leave free beside a checkpoint's tensors, for its other files and logs. */
const SPARE_BYTES = 16e6;

/** Names and shapes of the parameters that a run trains. */
export function trainedShapes(distillation: Distillation): Shapes {
  const { shapes } = distillation.student;
  return Object.fromEntries(trainableParameters(distillation).map((name) => [name, shapes[name]!]));
}

/** Bytes that a run needs on the disk of its folder to save anything. */
export function leastDiskBytes(prepared: PreparedRun): number {
  return bytesOf(prepared) + SPARE_BYTES;
}

/**
 * Warns before a run starts if its checkpoints may not all fit on the disk.
 *
 * @throws InputError if not even one fits
 */
export async function checkDiskSpace(folder: string, prepared: PreparedRun, reporter: Reporter): Promise<void> {
  const { keep } = prepared.settings;
  const one = bytesOf(prepared);
  const [free, all] = [await freeDiskBytes(folder), one * (keep + 2)]; // `keep` newest, the best, one being written
  if (free < leastDiskBytes(prepared))
    throw new InputError(`${folder}: ${shortOf(one, free)}; free some space, or run elsewhere`);
  if (free < all) {
    const [most, there] = formatBytesApart(all, free);
    reporter.warn(
      `${folder}: ${formatCount(keep + 2)} checkpoints of ${formatBytes(one)} ` +
        `(--keep ${keep}, the best, one being written) will take up to ${most}, but only ${there} is free`,
    );
  }
}

/**
 * Removes a run's older checkpoints according to `--keep`; warns if the system refuses.
 *
 * @param held the name of a checkpoint that is being read and must not be removed
 */
export async function removeOlder(
  folder: string,
  keep: number,
  state: TrainState,
  held: string | undefined,
  reporter: Reporter,
): Promise<void> {
  const best = bestOf(state);
  await pruneCheckpoints(folder, keep, best && checkpointName(best.step), held).catch((error: unknown) => {
    if (!isRefusal(error)) throw error;
    reporter.warn(`step ${state.step} is saved, but older checkpoints cannot be removed: ${messageOf(error)}`);
  });
}

/** What saving checkpoints needs of a run in progress. */
export interface SaverParts {
  /** The run's folder. */
  readonly folder: string;
  readonly prepared: PreparedRun;
  readonly engine: Engine;
  readonly reporter: Reporter;
  /** How many rows the run's logs have now. */
  readonly loggedRows: () => LoggedRows;
  /** The name of a checkpoint that is being read, and must not be removed. */
  readonly heldCheckpoint: () => string | undefined;
}

/** What became of a state that was to be saved: the name of its checkpoint, or why there is none. */
export type SaveResult =
  { readonly name: string; readonly refusal?: undefined } | { readonly name?: undefined; readonly refusal: string };

/**
 * Returns the function that saves checkpoints. If the disk is full, or the system refuses for another reason, it warns
 * and keeps the older checkpoints. A checkpoint stays saved even if updating the pointers or removing older checkpoints
 * fails afterwards.
 */
export function checkpointSaver({
  folder,
  prepared,
  engine,
  reporter,
  loggedRows,
  heldCheckpoint,
}: SaverParts): (state: TrainState, isBest: boolean) => Promise<SaveResult> {
  const { settings, student, fingerprints } = prepared;
  const trained = trainedShapes(distillationOf(prepared));
  const bytes = bytesOf(prepared);
  return async (state, isBest) => {
    const refused = (refusal: string): SaveResult => {
      reporter.warn(`step ${state.step} not saved: ${refusal}; earlier checkpoints are unchanged`);
      return { refusal };
    };
    const free = await freeDiskBytes(folder);
    if (free < bytes + SPARE_BYTES) return refused(`${folder}: ${shortOf(bytes, free)}`);
    let name: string;
    try {
      name = await writeCheckpoint(folder, contentsOf(state), isBest);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      if (error instanceof NotPointedAtError) {
        reporter.warn(`step ${state.step} is saved, but ${error.message}`);
        return { name: error.checkpoint }; // remove nothing: `best` may be out of date and name an older one
      }
      return refused(error.message);
    }
    await removeOlder(folder, settings.keep, state, heldCheckpoint(), reporter);
    return { name };
  };

  function contentsOf(state: TrainState): CheckpointContents {
    return {
      step: state.step,
      parameters: engine.studentParameters(),
      shapes: student.model.encoder.shapes,
      moments: engine.moments(),
      trained,
      config: exportedConfig(student.model.configJson),
      files: student.tokenizerFiles,
      trainer: trainerText({
        state,
        updates: engine.counters().updates,
        logged: loggedRows(),
        seed: settings.seed,
        fingerprints,
        options: settings,
      }),
    };
  }
}

/** Whether the system refused something while the run itself is sound. */
function isRefusal(error: unknown): boolean {
  return error instanceof InputError || systemReason(error) !== undefined;
}

/** `expected 17.7 MB free (1.7 MB for a checkpoint's tensors, 16.0 MB for its other files and logs), found 12.1 MB` */
function shortOf(tensors: number, free: number): string {
  const [needed, found] = formatBytesApart(tensors + SPARE_BYTES, free);
  const spare = `${formatBytes(SPARE_BYTES)} for its other files and logs`;
  const parts = `${formatBytes(tensors)} for a checkpoint's tensors, ${spare}`;
  return `expected ${needed} free (${parts}), found ${found}`;
}

function bytesOf(prepared: PreparedRun): number {
  return checkpointBytes(prepared.student.model.encoder.shapes, trainedShapes(distillationOf(prepared)));
}
