/** @file Checks settings from outside: a run's `config.json`, a settings file, a program. */
import * as v from 'valibot';
import { InputError } from '../base/errors.js';
import { checkJson, ofKind } from '../base/json-schema.js';
import { unknownName } from '../base/unknown-name.js';
import { VERSION } from '../base/version.js';
import {
  isSetting,
  SETTING_NAMES,
  SETTINGS,
  withLegacyDefaults,
  type RequestedSettings,
  type TrainSettings,
} from './settings.js';
import type { Setting } from './settings/setting.js';

/** A schema of all settings. Those without a default are optional; with `isPartial`, all are. */
function schemaOf(part: 'kind' | 'stored', isPartial = false): v.GenericSchema {
  const entries = SETTING_NAMES.map((name): [string, v.GenericSchema] => {
    const setting: Setting = SETTINGS[name];
    const schema = ofKind(setting[part] ?? setting.kind);
    return [name, isPartial || setting.default === undefined ? v.optional(schema) : schema];
  });
  return v.looseObject(Object.fromEntries(entries));
}

/**
 * Checks settings read from a run's `config.json`.
 *
 * @param where how an error message begins
 * @throws InputError naming the first setting with a wrong value, or unknown settings: they may come from a later
 *   version, and ignoring them would change the run
 */
export function checkSettings(settings: Readonly<Record<string, unknown>>, where: string): TrainSettings {
  const unknown = Object.keys(settings).find((name) => !isSetting(name));
  if (unknown !== undefined)
    throw new InputError(
      `${where}: expected settings that kd ${VERSION} has, got ${JSON.stringify(unknown)}; ` +
        'resume with the version of kd that began the run',
    );
  const schema = v.object({ settings: schemaOf('stored') });
  const complete = withLegacyDefaults(settings);
  checkJson(schema, { settings: complete }, where, 'name a run that kd train made, or start another');
  return complete as unknown as TrainSettings; // every field was checked
}

/**
 * Checks settings requested by a program or a file.
 *
 * @param where how an error message begins
 * @throws InputError naming the first setting with a wrong value, or the first name that is not a setting
 */
export function checkRequested<Asked extends Partial<RequestedSettings>>(settings: Asked, where = 'settings'): Asked {
  const unknown = Object.keys(settings).find((name) => !isSetting(name));
  if (unknown !== undefined) throw unknownName(where, SETTING_NAMES, unknown);
  checkJson(schemaOf('kind', true), settings, where, 'give another value');
  return settings;
}
