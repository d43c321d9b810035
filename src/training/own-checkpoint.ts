/** @file Whether a checkpoint in a run's folder is of that run: one of another may have been copied there. */
import { InputError } from '../base/errors.js';
import { formatHash } from '../base/format.js';
import { CHECKPOINT_FILES } from '../runs/checkpoint.js';
import type { RunConfig } from '../runs/run-config.js';
import { RUN_CONFIG } from '../runs/run-names.js';
import type { TrainerFile } from '../runs/trainer-state.js';
import { flagOf, mayChange, SETTING_NAMES, shownSetting, withEarlier, type SettingName } from './settings.js';

/** Settings that decide nothing of what a run computes: what it is called, where the teacher's outputs are kept. */
const NAMES: readonly SettingName[] = ['run', 'recipe', 'cacheTeacher'];

/** Fingerprints that all versions have noted alike. */
const FINGERPRINTS = ['data', 'teacher', 'student'] as const;

/**
 * Checks that a checkpoint was made under the settings, and from the data and models, that a run's `config.json` has.
 *
 * @throws InputError for the first that differs
 */
export function checkIsOfRun(
  { settings, fingerprints }: Pick<RunConfig, 'settings' | 'fingerprints'>,
  trainer: TrainerFile,
): void {
  const [run, own] = [withEarlier(settings), withEarlier(trainer.options as Readonly<Record<string, unknown>>)];
  for (const name of SETTING_NAMES.filter((each) => !mayChange(each) && !NAMES.includes(each)))
    if (JSON.stringify(run[name]) !== JSON.stringify(own[name]))
      throw otherThan(flagOf(name), shownSetting(run[name], 'none'), shownSetting(own[name], 'none'));
  for (const name of FINGERPRINTS)
    if (fingerprints[name] !== trainer.fingerprints[name])
      throw otherThan(name, formatHash(fingerprints[name] ?? 'none'), formatHash(trainer.fingerprints[name] ?? 'none'));
}

function otherThan(name: string, expected: string, got: string): InputError {
  return new InputError(
    `${CHECKPOINT_FILES.trainer}: expected ${name} ${expected}, as the run's ${RUN_CONFIG} has, got ${got}`,
  );
}
