/** @file Texts from outside that should be JSON. Data files have their own reader. */
import * as v from 'valibot';
import { InputError, messageOf } from './errors.js';
import { parsePythonJson } from './python-json.js';

/**
 * Parses JSON, also as Python writes it.
 *
 * @param where begins the error message
 * @param advice ends it: what to do
 * @throws InputError in one line
 */
export function parseJson(text: string, where: string, advice = ''): unknown {
  try {
    return parsePythonJson(text);
  } catch (error) {
    const reason = messageOf(error).slice(0, 200);
    throw new InputError(`${where}: expected JSON, got ${reason}${advice === '' ? '' : `; ${advice}`}`);
  }
}

/** The value in a text, or undefined if it is not JSON or fails the schema: for files that are optional. */
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
