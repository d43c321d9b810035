/** @file Checks that a checkpoint in a run's folder belongs to that run: another run's may have been copied there. */
import { InputError } from '../base/errors.js';
import { formatHash } from '../base/format.js';
import { CHECKPOINT_FILES } from '../runs/checkpoint-names.js';
import type { RunConfig } from '../runs/run-config.js';
import { RUN_CONFIG } from '../runs/run-names.js';
import type { TrainerFile } from '../runs/trainer-state.js';
import { flagOf, keptPart, SETTING_NAMES, formatSetting, withLegacyDefaults, type SettingName } from './settings.js';

/** Settings that do not affect what a run computes. */
const NAMES: readonly SettingName[] = ['run', 'recipe'];

/** Fingerprints that every version has computed in the same way. */
const FINGERPRINTS = ['data', 'teacher', 'student'] as const;

/**
 * Checks that a checkpoint was made with the settings, data and models in a run's `config.json`.
 *
 * @throws InputError for the first difference
 */
export function checkBelongsToRun(
  { settings, fingerprints }: Pick<RunConfig, 'settings' | 'fingerprints'>,
  trainer: TrainerFile,
): void {
  const [run, own] = [
    withLegacyDefaults(settings),
    withLegacyDefaults(trainer.options as Readonly<Record<string, unknown>>),
  ];
  const kept = (name: SettingName, settings: Readonly<Record<string, unknown>>): string | undefined =>
    JSON.stringify(keptPart(name, settings[name]));
  for (const name of SETTING_NAMES.filter((each) => !NAMES.includes(each)))
    if (kept(name, run) !== kept(name, own))
      throw otherThan(flagOf(name), formatSetting(run[name], 'none'), formatSetting(own[name], 'none'));
  for (const name of FINGERPRINTS)
    if (fingerprints[name] !== trainer.fingerprints[name])
      throw otherThan(name, formatHash(fingerprints[name] ?? 'none'), formatHash(trainer.fingerprints[name] ?? 'none'));
}

function otherThan(name: string, expected: string, got: string): InputError {
  return new InputError(
    `${CHECKPOINT_FILES.trainer}: expected ${name} ${expected}, as the run's ${RUN_CONFIG} has, got ${got}`,
  );
}
