/** @file What to say if no pairs are found. */
import { atPlace } from '../base/absolute-path.js';
import { InputError } from '../base/errors.js';
import { shellQuote } from '../base/shell.js';
import type { SkippedFile } from './skipped-file.js';

/** The folder with the pairs if `--data` is absent. */
export const DEFAULT_DATA = 'data';

/** Nobody named the folder that is looked for by default, so its path is no mistake. */
export function noDefaultData(): InputError {
  return new InputError(
    `${DEFAULT_DATA}/: expected files of pairs, but there is no such folder${atPlace(DEFAULT_DATA)}; ` +
      'put corpora there or name them with --data',
  );
}

/** A new clone has nothing but the project's sample, which is for trying things out. */
export function onlySample(paths: readonly string[], sample: string): InputError {
  const folder = paths[0]!.replace(/\/*$/, '/');
  return new InputError(
    `${folder}: expected files of pairs, got none but the sample${atPlace(folder)}; ` +
      `put corpora there or name them with --data, or try the sample: --data ${shellQuote(sample)}`,
  );
}

/** The files that were examined in vain. */
export interface Examined {
  /** With the reason why they were not read. */
  readonly skipped: readonly SkippedFile[];
  /** Those that were skipped because of their names. */
  readonly ignored: readonly string[];
  /** Why some could not be read at all. */
  readonly errors: readonly InputError[];
}

/** How many of the examined files a message names. */
const MAX_NAMED = 5;

/** The error if none of the examined files has pairs. */
export function nothingFound(paths: readonly string[], { skipped, ignored, errors }: Examined): InputError {
  if (errors.length === 1 && skipped.length === 1 && ignored.length === 0) return errors[0]!;
  const seen = [...skipped, ...ignored.map((file) => ({ file, why: 'skipped because of its name' }))];
  const more = seen.length > MAX_NAMED ? `, and ${seen.length - MAX_NAMED} more` : '';
  const found =
    seen.length === 0 ? `nothing${paths.map(atPlace).join(',')}` : withReasons(seen.slice(0, MAX_NAMED)) + more;
  return new InputError(`${paths.join(', ')}: expected files of pairs, got ${found}; name the data with --data`);
}

/** Lists files with the reasons why they were not read, naming each reason once. */
function withReasons(files: readonly SkippedFile[]): string {
  const reasons = [...new Set(files.map(({ why }) => why))];
  return reasons
    .map((reason) => {
      const named = files.filter(({ why }) => why === reason).map(({ file }) => file);
      return `${named.join(', ')} (${reason})`;
    })
    .join(', ');
}
