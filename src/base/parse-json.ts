import { InputError, messageOf } from './errors.js';
import { parsePythonJson } from './python-json.js';

/** Parses JSON, also as Python writes it. Throws an InputError in one line, which begins with `where`. */
export function parseJson(text: string, where: string): unknown {
  try {
    return parsePythonJson(text);
  } catch (error) {
    throw new InputError(`${where}: expected JSON, got ${messageOf(error).slice(0, 200)}`);
  }
}
