/** @file `--recipe`: named settings that replace defaults. */
import type { Command } from 'commander';
import type { RecipeName } from '../../training/recipe-names.js';
import { recipeOf } from '../../training/recipes.js';
import { DEFAULTS, flagOf, SETTING_NAMES, SETTINGS, formatSetting } from '../../training/settings.js';
import type { Output } from '../../app/output.js';
import { isGiven } from './config.js';

/** Settings that no recipe has: giving one means it is no longer that recipe's run. */
const NOT_IN_RECIPES = SETTING_NAMES.filter((name) => 'leavesRecipe' in SETTINGS[name]);

type Settings = Readonly<Record<string, unknown>>;

/** Replaces defaults with a recipe's settings. Flags given on the command line win, with a message. */
export function withRecipe<Flags extends { readonly recipe?: RecipeName }>(
  flags: Flags,
  command: Command,
  output: Output,
): Flags {
  const recipe = recipeOf(flags.recipe);
  if (recipe === undefined) return flags;
  const settings = recipe.settings as unknown as Settings;
  const isAsInIt = (key: string): boolean =>
    isSame((flags as Settings)[key], settings[key] ?? (DEFAULTS as Settings)[key]);
  const changed = [...Object.keys(settings), ...NOT_IN_RECIPES].filter(
    (key) => isGiven(key, command) && !isAsInIt(key),
  );
  for (const key of changed) {
    output.warn(
      `${flagOf(key, (flags as Settings)[key])} ${shown((flags as Settings)[key])} instead of the recipe's ` +
        `${shown(settings[key])}: the run will not be ${flags.recipe}`,
    );
  }
  const taken = Object.entries(settings).filter(([key]) => !isGiven(key, command));
  return { ...flags, ...Object.fromEntries(taken) };
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function shown(value: unknown): string {
  return formatSetting(value, 'none');
}
