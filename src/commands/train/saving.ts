/** @file Saving a run: what goes into a checkpoint, and what to do where it does not fit on the disk. */
import { join } from 'node:path';
import type { Engine } from '../../distill/engine.js';
import { trainableParameters, type Distillation } from '../../distill/loss.js';
import type { TrainState } from '../../distill/train-state.js';
import { InputError } from '../../errors.js';
import { exportedConfig } from '../../models/exported-config.js';
import type { Shapes } from '../../models/text-encoder.js';
import { checkpointBytes, pruneCheckpoints, writeCheckpoint } from '../../runs/checkpoint.js';
import { freeBytes } from '../../disk-space.js';
import { trainerText } from '../../runs/trainer-state.js';
import type { Output } from '../console.js';
import { formatBytes, formatBytesApart, formatCount } from '../../format.js';
import { distillationOf } from './engine-parts.js';
import type { PreparedRun } from './prepare.js';

/** Left free beside a checkpoint's tensors: for its other files, and logs. */
const SPARE_BYTES = 16e6;

/** Names and shapes of the parameters that a run trains. */
export function trainedShapes(distillation: Distillation): Shapes {
  const { shapes } = distillation.student;
  return Object.fromEntries(trainableParameters(distillation).map((name) => [name, shapes[name]]));
}

/**
 * Says before the run starts what its checkpoints need.
 *
 * @throws InputError where not even one fits
 */
export async function checkDiskSpace(folder: string, prepared: PreparedRun, output: Output): Promise<void> {
  const { keep } = prepared.settings;
  const one = bytesOf(prepared);
  const [free, all] = [await freeBytes(folder), one * (keep + 2)]; // those kept, the best, one being written
  if (free < one + SPARE_BYTES) throw new InputError(`${folder}: ${shortOf(one, free)}; free some, or run elsewhere`);
  if (free < all) {
    const [most, there] = formatBytesApart(all, free);
    output.warn(
      `${folder}: ${formatCount(keep + 2)} checkpoints of ${formatBytes(one)} (--keep ${keep}, the best, one being written) will take up to ${most}, but only ${there} are free`,
    );
  }
}

/**
 * Makes the function that saves. Where there is no room it says so, leaves the older checkpoints alone and gives undefined.
 */
export function checkpointSaver(folder: string, prepared: PreparedRun, engine: Engine, output: Output) {
  const { settings, student, fingerprints } = prepared;
  const trained = trainedShapes(distillationOf(prepared));
  const bytes = bytesOf(prepared);
  return async (state: TrainState, isBest: boolean): Promise<string | undefined> => {
    const free = await freeBytes(folder);
    if (free < bytes + SPARE_BYTES) {
      output.warn(
        `step ${state.step} is not saved: ${folder}: ${shortOf(bytes, free)}; earlier checkpoints are as they were`,
      );
      return undefined;
    }
    try {
      const name = await writeCheckpoint(
        folder,
        {
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
            seed: settings.seed,
            fingerprints,
            options: settings,
          }),
        },
        isBest,
      );
      await pruneCheckpoints(folder, settings.keep);
      return name;
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      output.warn(`step ${state.step} is not saved: ${error.message}; earlier checkpoints are as they were`);
      return undefined;
    }
  };
}

/** `expected 17.7 MB free (1.7 MB for a checkpoint's tensors, 16.0 MB for its other files and logs), found 12.1 MB` */
function shortOf(tensors: number, free: number): string {
  const [needed, found] = formatBytesApart(tensors + SPARE_BYTES, free);
  return `expected ${needed} free (${formatBytes(tensors)} for a checkpoint's tensors, ${formatBytes(SPARE_BYTES)} for its other files and logs), found ${found}`;
}

function bytesOf(prepared: PreparedRun): number {
  return checkpointBytes(prepared.student.model.encoder.shapes, trainedShapes(distillationOf(prepared)));
}

/** `checkpoints/first/step-00000300` */
export function checkpointPath(run: string, name: string | undefined): string {
  return name === undefined ? 'none was saved' : join(run, name);
}
