/**
 * @file The settings of a run, one table, with a file for each heading of the help: from it come their types, the flags
 * of `kd train`, the defaults, what a `config.json` may say, what recipes decide, and what may change when a run is
 * resumed.
 */
import { choice, type ValueOf } from '../base/kinds.js';
import { shellCommand, shellQuote } from '../base/shell.js';
import { PREVIEW_SETTINGS } from './previews/settings.js';
import { RECIPE_NAMES } from './recipe-names.js';
import { DATA_SETTINGS } from './settings/data.js';
import { MACHINE_SETTINGS } from './settings/machine.js';
import { MODEL_SETTINGS } from './settings/models.js';
import { RUN_SETTINGS } from './settings/run.js';
import type { Setting } from './settings/setting.js';
import { TRAINING_SETTINGS } from './settings/training.js';

/**
 * Every setting of a run, in the order of the help. The defaults are the original's final run, but for its optimiser
 * and its dropout.
 */
export const SETTINGS = {
  recipe: {
    flag: '--recipe <name>',
    help: 'settings of a known run; flags win over it',
    kind: choice(RECIPE_NAMES),
  },
  ...DATA_SETTINGS,
  ...MODEL_SETTINGS,
  ...TRAINING_SETTINGS,
  ...MACHINE_SETTINGS,
  ...RUN_SETTINGS,
  ...PREVIEW_SETTINGS,
} as const satisfies Readonly<Record<string, Setting>>;

type Table = typeof SETTINGS;
export type SettingName = keyof Table;

/** The names of all settings, in the order of the help. */
export const SETTING_NAMES = Object.keys(SETTINGS) as SettingName[];

/** The settings that have a default, and so a value in every run. */
type Always = { [Name in SettingName]: Table[Name] extends { readonly default: unknown } ? Name : never }[SettingName];

type Values<Name extends SettingName, Part extends 'kind' | 'stored'> = {
  readonly [N in Name & Always]: ValueOf<KindOf<Table[N], Part>>;
} & {
  readonly [N in Exclude<Name, Always>]?: ValueOf<KindOf<Table[N], Part>>;
};

/** What is stored of a setting; what may be asked for, unless it says otherwise. */
type KindOf<S, Part extends 'kind' | 'stored'> = Part extends keyof S
  ? S[Part]
  : S extends { readonly kind: infer K }
    ? K
    : never;

/** Settings as they are asked for: the batch size, and how many make a step, may be left to the machine. */
export type AskedSettings = Values<SettingName, 'kind'>;

/** Everything that decides what a run does: written to its `config.json`. */
export type TrainSettings = Values<SettingName, 'stored'>;

/** The settings that recipes decide; what one leaves out is as without a recipe. */
export type RecipeSettings = Partial<Values<RecipeSetting, 'stored'>>;
type RecipeSetting = {
  [Name in SettingName]: Table[Name] extends { readonly recipe: true } ? Name : never;
}[SettingName];

/** The defaults of all settings that have one. */
export const DEFAULTS = Object.fromEntries(
  SETTING_NAMES.flatMap((name) => ('default' in SETTINGS[name] ? [[name, SETTINGS[name].default]] : [])),
) as { readonly [Name in Always]: Table[Name] extends { readonly default: infer T } ? Widened<T> : never };

/** What runs did whose `config.json` lacks a setting that is newer. */
const EARLIER = Object.fromEntries(
  SETTING_NAMES.flatMap((name) => ('earlier' in SETTINGS[name] ? [[name, SETTINGS[name].earlier]] : [])),
);

/** A run's settings, in their own order, with those that are newer than the run as the run had them. */
export function withEarlier<Settings extends Readonly<Record<string, unknown>>>(settings: Settings): Settings {
  const newer = Object.entries(EARLIER).filter(([name]) => !Object.hasOwn(settings, name));
  return { ...settings, ...Object.fromEntries(newer) };
}

/** A literal's type, without the literal. */
type Widened<T> = T extends number ? number : T extends boolean ? boolean : T;

/** Whether a run may be resumed with another value of a setting. */
export function mayChange(name: SettingName): boolean {
  return 'resume' in SETTINGS[name];
}

/**
 * The flag of a setting: `--log-every`, `--shuffle`.
 *
 * @param name also of a setting that an earlier version had
 * @param value of a switch: the flag is the one that sets it so, `--no-shuffle`
 */
export function flagOf(name: string, value?: unknown): string {
  const flag = isSetting(name)
    ? /^\S+/.exec(SETTINGS[name].flag)![0].replace('--no-', '--')
    : `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  return value === false ? flag.replace('--', '--no-') : flag;
}

/** Whether a value is what a setting has where its flag is not given. */
export function isDefault(name: string, value: boolean): boolean {
  return value === ((DEFAULTS as Readonly<Record<string, unknown>>)[name] ?? false);
}

/** The value of a setting as it is written after its flag; `absent` for none. */
export function shownSetting(value: unknown, absent: string): string {
  if (value === undefined) return absent;
  if (Array.isArray(value)) return shellCommand(value.map(String));
  return typeof value === 'string' ? shellQuote(value) : JSON.stringify(value);
}

/** Whether a name is that of a setting. */
export function isSetting(name: string): name is SettingName {
  return Object.hasOwn(SETTINGS, name);
}
