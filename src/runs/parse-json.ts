import { InputError, messageOf } from '../errors.js';

/** Parses JSON. Throws an InputError in one line, which begins with `where`. */
export function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // The message may quote the text, whatever is in it.
    throw new InputError(`${where}: expected JSON, got ${messageOf(error).replace(/\p{Cc}+/gu, ' ').slice(0, 200)}`);
  }
}
