/** @file The flags of `kd train` that are settings of a run, from the table of settings. */
import { Option, type Command } from 'commander';
import { ANY_TEXT, SWITCH, TEXT, TEXTS, type Choice, type Kind } from '../../base/kinds.js';
import { SETTING_NAMES, SETTINGS, type SettingName } from '../../training/settings.js';
import type { Setting } from '../../training/settings/setting.js';
import { parserOf } from '../flags.js';

/** Kinds that commander parses by itself. */
const TEXT_KINDS: readonly Kind<unknown>[] = [ANY_TEXT, TEXT, TEXTS];

/** Adds the flags of settings to a command, under the headings of the table. */
export function addSettings(command: Command, isAdded: (name: SettingName) => boolean = () => true): Command {
  for (const name of SETTING_NAMES.filter(isAdded)) {
    const setting: Setting = SETTINGS[name];
    if (setting.group !== undefined) command.optionsGroup(setting.group);
    command.addOption(optionOf(setting));
  }
  return command;
}

function optionOf({ flag, help, kind, default: value, shownDefault }: Setting): Option {
  const option = new Option(flag, help);
  if (kind === SWITCH) return option; // present or absent
  if ('choices' in kind) option.choices((kind as Choice<string>).choices);
  else if (!TEXT_KINDS.includes(kind)) option.argParser(parserOf(kind));
  if (Array.isArray(value)) return option.default([...(value as readonly unknown[])], shownDefault);
  return value === undefined ? option : option.default(value, shownDefault);
}
