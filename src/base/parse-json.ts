/** @file Parses JSON from outside. Data files have their own reader. */
import * as v from 'valibot';
import { InputError, messageOf } from './errors.js';
import { parsePythonJson } from './python-json.js';

/**
 * Parses JSON, including what only Python writes, such as `NaN`.
 *
 * @param where how the error message begins
 * @param advice how it ends: what to do
 * @throws InputError on one line
 */
export function parseJson(text: string, where: string, advice = ''): unknown {
  try {
    return parsePythonJson(text);
  } catch (error) {
    const reason = messageOf(error).slice(0, 200);
    throw new InputError(`${where}: expected JSON, got ${reason}${advice === '' ? '' : `; ${advice}`}`);
  }
}

/** Parses JSON from an optional file; returns undefined if it is not JSON or does not match the schema. */
export function soundJson<Schema extends v.GenericSchema>(
  schema: Schema,
  text: string,
): v.InferOutput<Schema> | undefined {
  try {
    const result = v.safeParse(schema, parsePythonJson(text));
    return result.success ? result.output : undefined;
  } catch {
    return undefined;
  }
}
