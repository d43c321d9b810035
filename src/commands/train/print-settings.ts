/** @file `--print`: the settings of a run, as a file for `--config`. */
import type { Command } from 'commander';
import type { Output } from '../../app/output.js';
import type { RecipeName } from '../../training/recipe-names.js';
import { recipeOf, type Recipe } from '../../training/recipes.js';
import { settingsText } from '../../training/settings-text.js';
import { isSetting } from '../../training/settings.js';
import { isGiven } from './config.js';

/**
 * Prints every setting and its source, as YAML that `--config` reads.
 *
 * @param origin the source of settings not given as flags, unless that is a recipe or the defaults
 */
export function printSettings(
  flags: { readonly recipe?: RecipeName },
  command: Command,
  output: Output,
  origin?: string,
): void {
  const recipe = recipeOf(flags.recipe);
  const settings = Object.entries(flags).filter(([key, value]) => isSetting(key) && value !== undefined);
  const sourced = settings.map(([key, value]) => ({
    key,
    value,
    origin: originOf(key, command, recipe, origin),
  }));
  output.result(settingsText(sourced, flags.recipe), {
    event: 'settings',
    recipe: flags.recipe ?? null,
    settings: Object.fromEntries(settings.filter(([key]) => key !== 'recipe')),
    published: recipe?.published ?? null,
  });
}

function originOf(key: string, command: Command, recipe: Recipe | undefined, origin: string | undefined): string {
  if (isGiven(key, command)) return 'given';
  if (origin !== undefined) return origin;
  return recipe !== undefined && Object.hasOwn(recipe.settings, key) ? 'recipe' : 'default';
}
