/**
 * @file The table of a run's settings, with one file for each heading of the help. It determines the types, the flags
 * of `kd train`, the defaults, what a `config.json` may contain, what recipes set, and what may change on resuming.
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
 * All settings of a run, in the order of the help. The defaults are those of the original's final run, except for the
 * optimiser and dropout.
 */
export const SETTINGS = {
  recipe: {
    flag: '--recipe <name>',
    help: 'a named set of settings; flags override it',
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

/** The settings that have a default, and so have a value in every run. */
type RequiredName = {
  [Name in SettingName]: Table[Name] extends { readonly default: unknown } ? Name : never;
}[SettingName];

type Values<Name extends SettingName, Part extends 'kind' | 'stored'> = {
  readonly [N in Name & RequiredName]: ValueOf<KindOf<Table[N], Part>>;
} & {
  readonly [N in Exclude<Name, RequiredName>]?: ValueOf<KindOf<Table[N], Part>>;
};

/** The type of a setting as stored, which is the type that may be asked for unless `stored` narrows it. */
type KindOf<S, Part extends 'kind' | 'stored'> = Part extends keyof S
  ? S[Part]
  : S extends { readonly kind: infer K }
    ? K
    : never;

/** Settings as requested: the batch size and the number of micro-batches per step may be left to the machine. */
export type RequestedSettings = Values<SettingName, 'kind'>;

/** Everything that determines what a run does; written to its `config.json`. */
export type TrainSettings = Values<SettingName, 'stored'>;

/** The settings that recipes set; those left out have their defaults. */
export type RecipeSettings = Partial<Values<RecipeSetting, 'stored'>>;
type RecipeSetting = {
  [Name in SettingName]: Table[Name] extends { readonly recipe: true } ? Name : never;
}[SettingName];

/** The defaults of all settings that have one. */
export const DEFAULTS = Object.fromEntries(
  SETTING_NAMES.flatMap((name) => ('default' in SETTINGS[name] ? [[name, SETTINGS[name].default]] : [])),
) as { readonly [Name in RequiredName]: Table[Name] extends { readonly default: infer T } ? Widen<T> : never };

/** What runs did before a setting existed, for settings missing from their `config.json`. */
const LEGACY_DEFAULTS = Object.fromEntries(
  SETTING_NAMES.flatMap((name) => ('legacyDefault' in SETTINGS[name] ? [[name, SETTINGS[name].legacyDefault]] : [])),
);

/** A run's settings in their own order, filled in with what the run did about settings newer than itself. */
export function withLegacyDefaults<Settings extends Readonly<Record<string, unknown>>>(settings: Settings): Settings {
  const newer = Object.entries(LEGACY_DEFAULTS).filter(([name]) => !Object.hasOwn(settings, name));
  return { ...settings, ...Object.fromEntries(newer) };
}

/** A literal's type, without the literal. */
type Widen<T> = T extends number ? number : T extends boolean ? boolean : T;

/**
 * Whether a run may be resumed with another value of a setting.
 *
 * @param value the run's value
 */
export function mayChange(name: SettingName, value: unknown): boolean {
  const { resume }: Setting = SETTINGS[name];
  return resume === 'may change' || (resume === 'may move' && value !== undefined);
}

/** The part of a setting's value that a run keeps when it resumes: of a place, whether there is one. */
export function keptPart(name: SettingName, value: unknown): unknown {
  const { resume }: Setting = SETTINGS[name];
  if (resume === 'may change') return undefined;
  return resume === 'may move' ? value !== undefined : value;
}

/**
 * The flag of a setting: `--log-every`, `--shuffle`.
 *
 * @param name may also be a setting of an earlier version
 * @param value of a switch: selects the flag that sets this value, such as `--no-shuffle`
 */
export function flagOf(name: string, value?: unknown): string {
  const flag = isSetting(name)
    ? /^\S+/.exec(SETTINGS[name].flag)![0].replace('--no-', '--')
    : `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  return value === false ? flag.replace('--', '--no-') : flag;
}

/** Whether a value is the one that a setting has without its flag. */
export function isDefault(name: string, value: boolean): boolean {
  return value === ((DEFAULTS as Readonly<Record<string, unknown>>)[name] ?? false);
}

/** A setting's value as written after its flag; `absent` if it has none. */
export function formatSetting(value: unknown, absent: string): string {
  if (value === undefined) return absent;
  if (Array.isArray(value)) return shellCommand(value.map(String));
  return typeof value === 'string' ? shellQuote(value) : JSON.stringify(value);
}

/** Whether a name is that of a setting. */
export function isSetting(name: string): name is SettingName {
  return Object.hasOwn(SETTINGS, name);
}
