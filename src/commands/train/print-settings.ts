/** @file `--print`: the settings of a run, as a file for `--config`. */
import type { Command } from 'commander';
import stringWidth from 'string-width';
import { stringify } from 'yaml';
import type { Output } from '../../app/output.js';
import { padText } from '../../base/wrap.js';
import type { RecipeName } from '../../training/recipe-names.js';
import { recipeOf, type Recipe } from '../../training/recipes.js';
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
  const rows = settings.map(([key, value]) => [
    stringify({ [key]: value as unknown }, { collectionStyle: 'flow', lineWidth: 0 }).replace(/^\{ | \}\n$/g, ''),
    originOf(key, command, recipe, origin),
  ]);
  const width = Math.max(...rows.map(([setting]) => stringWidth(setting!)));
  const text = [
    ...(recipe === undefined ? [] : [`# ${flags.recipe}: ${recipe.description}`]),
    ...rows.map(([setting, origin]) => `${padText(setting!, width)}  # ${origin}`),
    '# in every run: texts of 77 tokens, no attention mask; batches in the same order in every epoch',
    ...(recipe?.published === undefined ? [] : [`# ${publishedLine(recipe.published)}`]),
  ].join('\n');
  output.result(text, {
    event: 'settings',
    recipe: flags.recipe ?? null,
    settings: Object.fromEntries(settings.filter(([key]) => key !== 'recipe')),
    published: recipe?.published ?? null,
  });
}

function publishedLine({ loss, lossEn, lossKo, duration, source }: NonNullable<Recipe['published']>): string {
  return (
    `published: validation loss ${loss.toFixed(4)} (en ${lossEn.toFixed(4)} + ko ${lossKo.toFixed(4)}) after ` +
    `${duration}; ${source}`
  );
}

function originOf(key: string, command: Command, recipe: Recipe | undefined, origin: string | undefined): string {
  if (isGiven(key, command)) return 'given';
  if (origin !== undefined) return origin;
  return recipe !== undefined && Object.hasOwn(recipe.settings, key) ? 'recipe' : 'default';
}
