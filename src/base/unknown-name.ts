import { InputError } from './errors.js';

/**
 * The error for a name that does not exist. Suggests the one that is spelt alike, as `learningRate` for
 * `learning-rate` or `learning_rate`.
 *
 * @param where how the message begins
 * @param known the names that exist
 */
export function unknownName(where: string, known: readonly string[], got: string): InputError {
  const meant = known.find((name) => letters(name) === letters(got));
  return new InputError(
    meant === undefined
      ? `${where}: expected some of ${known.join(', ')}, got ${JSON.stringify(got)}; leave it out`
      : `${where}: expected ${meant}, got ${JSON.stringify(got)}; write it so`,
  );
}

/** A name without what styles of writing names differ in. */
function letters(name: string): string {
  return name.replace(/[-_]/g, '').toLowerCase();
}
