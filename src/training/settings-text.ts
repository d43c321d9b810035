/** @file The settings of a run as a text for `--config`, with the source of each. */
import stringWidth from 'string-width';
import { stringify, type ToStringOptions } from 'yaml';
import { printable } from '../base/errors.js';
import { padText } from '../base/wrap.js';
import type { RecipeName } from './recipe-names.js';
import { recipeOf, type PublishedResult } from './recipes.js';

/** A setting, and where its value is from, in a word. */
export interface SourcedSetting {
  readonly key: string;
  readonly value: unknown;
  readonly origin: string;
}

/** Settings as YAML, one a line, with the origin of each as a comment, and what there is to say of their recipe. */
export function settingsText(settings: readonly SourcedSetting[], name: RecipeName | undefined): string {
  const recipe = recipeOf(name);
  const rows = settings.map(({ key, value, origin }) => ({ line: yamlLine({ [key]: value }), origin }));
  const width = Math.max(...rows.map(({ line }) => stringWidth(line)));
  return [
    ...(recipe === undefined ? [] : [`# ${name}: ${recipe.description}`]),
    ...rows.map(({ line, origin }) => `${padText(line, width)}  # ${origin}`),
    '# in every run: texts of 77 tokens, no attention mask; batches in the same order in every epoch',
    ...(recipe?.published === undefined ? [] : [`# ${publishedLine(recipe.published)}`]),
  ].join('\n');
}

/** A setting on one line of YAML. Texts that a terminal would interpret are quoted, with YAML's escapes for that. */
function yamlLine(setting: object): string {
  const line = (options?: ToStringOptions): string =>
    stringify(setting, { collectionStyle: 'flow', lineWidth: 0, ...options }).replace(/^\{ | \}\n$/g, '');
  const plain = line();
  if (printable(plain) === plain) return plain;
  return printable(line({ defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'PLAIN' }));
}

function publishedLine({ loss, lossEn, lossKo, duration, source }: PublishedResult): string {
  return (
    `published: validation loss ${loss.toFixed(4)} (en ${lossEn.toFixed(4)} + ko ${lossKo.toFixed(4)}) after ` +
    `${duration}; ${source}`
  );
}
