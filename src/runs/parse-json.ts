import { InputError, messageOf } from '../errors.js';

/** Parses JSON. Throws an InputError in one line, which begins with `where`. */
export function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InputError(`${where}: expected JSON, got ${messageOf(error).slice(0, 200)}`);
  }
}
