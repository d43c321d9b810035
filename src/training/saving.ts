/** @file Saving a run: what goes into a checkpoint, and whether there is room for it. */
import type { Engine } from '../distill/engine.js';
import { trainableParameters, type Distillation } from '../distill/loss.js';
import { bestOf, type TrainState } from '../distill/train-state.js';
import { InputError, messageOf } from '../base/errors.js';
import { systemReason } from '../base/system-errors.js';
import { exportedConfig } from '../models/exported-config.js';
import type { Shapes } from '../models/text-encoder.js';
import { checkpointName } from '../runs/checkpoint-names.js';
import {
  checkpointBytes,
  pruneCheckpoints,
  writeCheckpoint,
  writeUnpointed,
  type CheckpointContents,
} from '../runs/checkpoint.js';
import { NotPointedAtError } from '../runs/not-pointed-at-error.js';
import { freeDiskBytes } from '../base/disk-space.js';
import type { LoggedRows } from '../runs/logged-rows.js';
import { trainerText } from '../runs/trainer-state.js';
import type { Reporter } from '../app/reporter.js';
import { formatBytes, formatBytesApart, formatCount } from '../base/format.js';
import { inCopyFolder } from './copy-folder.js';
import { distillationOf } from './engine-parts.js';
import type { PreparedRun } from './prepared-run.js';

/** Bytes to leave free beside a checkpoint, for the logs, the report, and the rest of the last checkpoint. */
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
    throw new InputError(`${folder}: ${shortOf(one, SPARE_BYTES, free)}; free some space, or run elsewhere`);
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
  | { readonly name: string; readonly refusal?: undefined }
  | { readonly name?: undefined; readonly refusal: string };

/** Saves the states of a run. */
export interface Saver {
  /**
   * Saves a state as a checkpoint of the run. If the disk is full, or the system refuses for another reason, the older
   * checkpoints are unchanged. A checkpoint stays saved, with a warning, even if updating the pointers or removing
   * older checkpoints fails afterwards.
   *
   * @param isLast whether it may use the space that is left free for logs otherwise
   */
  readonly save: (state: TrainState, isBest: boolean, isLast: boolean) => Promise<SaveResult>;
  /**
   * Writes the checkpoint of a state into a new folder.
   *
   * @returns its path; undefined if there is no room, or the system refuses
   */
  readonly saveElsewhere: (state: TrainState) => Promise<string | undefined>;
}

/** Returns what saves the states of a run in progress. */
export function checkpointSaver({ folder, prepared, engine, reporter, loggedRows, heldCheckpoint }: SaverParts): Saver {
  const { settings, student, fingerprints } = prepared;
  const trained = trainedShapes(distillationOf(prepared));
  const bytes = bytesOf(prepared);
  return {
    async save(state, isBest, isLast) {
      const [free, spare] = [await freeDiskBytes(folder), isLast ? 0 : SPARE_BYTES];
      if (free < bytes + spare) return { refusal: `${folder}: ${shortOf(bytes, spare, free)}` };
      let name: string;
      try {
        name = await writeCheckpoint(folder, contentsOf(state), isBest);
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        if (!(error instanceof NotPointedAtError)) return { refusal: error.message };
        reporter.warn(`step ${state.step} is saved, but ${error.message}`);
        return { name: error.checkpoint }; // remove nothing: `best` may be out of date and name an older one
      }
      await removeOlder(folder, settings.keep, state, heldCheckpoint(), reporter);
      return { name };
    },
    async saveElsewhere(state) {
      return inCopyFolder(bytes + SPARE_BYTES, (place) => writeUnpointed(place, contentsOf(state)));
    },
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

/** `expected 17.7 MB free (1.7 MB for a checkpoint, 16.0 MB to spare for logs and the report), found 12.1 MB` */
function shortOf(checkpoint: number, spare: number, free: number): string {
  const [needed, found] = formatBytesApart(checkpoint + spare, free);
  const rest = spare === 0 ? '' : `, ${formatBytes(spare)} to spare for logs and the report`;
  return `expected ${needed} free (${formatBytes(checkpoint)} for a checkpoint${rest}), found ${found}`;
}

function bytesOf(prepared: PreparedRun): number {
  const { model, tokenizerFiles } = prepared.student;
  return checkpointBytes(model.encoder.shapes, trainedShapes(distillationOf(prepared)), tokenizerFiles);
}
