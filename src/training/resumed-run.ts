/** @file The run named by `kd train --resume`, and its settings. */
import { join, resolve } from 'node:path';
import { planSteps, type TrainPlan } from '../distill/train.js';
import { InputError } from '../base/errors.js';
import { findRun, noSuchRun } from '../runs/find-run.js';
import { readRunConfig, type RunConfig } from '../runs/run-config.js';
import { newestRun, RUN_CONFIG, RUNS_FOLDER } from '../runs/run-folder.js';
import type { Reporter } from '../app/reporter.js';
import { checkSettings } from './check-settings.js';
import {
  flagOf,
  mayChange,
  SETTING_NAMES,
  formatSetting,
  type RequestedSettings,
  type SettingName,
  type TrainSettings,
} from './settings.js';

/** A run to resume. */
export interface ResumedRun {
  /** Absolute path. */
  readonly folder: string;
  /** The checkpoint, as it was named; undefined for the newest intact one. */
  readonly checkpoint: string | undefined;
  /** The settings to resume with, and which of them differ from the stored ones. */
  readonly settings: TrainSettings;
  readonly changed: readonly SettingName[];
  readonly config: RunConfig;
}

/**
 * Finds the run to resume, and merges its settings with the given ones. Changes nothing.
 *
 * @param target a run or one of its checkpoints, by any of their names; `true`: the last run
 * @param given the settings given on the command line
 * @throws InputError if there is no such run, or for a change to a setting that must not change
 */
export async function openResumedRun(
  target: string | true,
  given: Partial<RequestedSettings>,
  reporter: Reporter,
): Promise<ResumedRun> {
  const { folder, checkpoint } = await locate(target, reporter);
  const config = await readRunConfig(folder);
  const before = checkSettings(config.settings, join(folder, RUN_CONFIG));
  const changed = (Object.keys(given) as SettingName[]).filter(
    (name) => JSON.stringify(given[name]) !== JSON.stringify(before[name]),
  );
  const changeable = SETTING_NAMES.filter((name) => mayChange(name, before[name]));
  const refused = changed.filter((name) => !changeable.includes(name));
  if (refused.length > 0) {
    const list = refused.map((name) => `${flagOf(name)} ${shown(before[name])}, not ${shown(given[name])}`).join('; ');
    throw new InputError(
      `--resume: expected the options that the run began with, ${list}; leave them out, or start another run ` +
        `(may change: ${changeable.map(flagOf).join(', ')})`,
    );
  }
  for (const name of changed) reporter.message(`${flagOf(name)}: ${shown(before[name])} → ${shown(given[name])}`);
  const settings = { ...before, ...given } as TrainSettings; // no `auto`: changing the batch size was refused
  const [was, is] = [planOf({ config, settings: before }), planOf({ config, settings })].map((plan) => plan.totalSteps);
  if (was !== is)
    reporter.message(
      `the cosine of the learning rate now ends at the new last step, ${is} instead of ${was}: ` +
        'from here on the rate differs from what it would have been',
    );
  return { folder, checkpoint, config, changed, settings };
}

/** The steps of a run with the given settings. */
export function planOf({ config, settings }: Pick<ResumedRun, 'config' | 'settings'>): TrainPlan {
  return planSteps({ count: Math.ceil(config.data.training_pairs / settings.batchSize) }, settings);
}

async function locate(
  target: string | true,
  reporter: Reporter,
): Promise<{ readonly folder: string; readonly checkpoint: string | undefined }> {
  if (target === true) {
    const newest = await newestRun();
    if (newest === undefined)
      throw new InputError(`--resume: expected a run under ${RUNS_FOLDER}/, found none; start one without --resume`);
    reporter.message(`--resume: the last run is ${newest}`);
    return { folder: resolve(newest), checkpoint: undefined };
  }
  const found = await findRun(target);
  if (found !== undefined) return { folder: resolve(found.folder), checkpoint: found.checkpoint };
  throw await noSuchRun(
    `--resume ${target === '' ? '""' : target}`,
    `the name of a run under ${RUNS_FOLDER}/, its folder or one of its checkpoints`,
  );
}

function shown(value: unknown): string {
  return formatSetting(value, 'its default');
}
