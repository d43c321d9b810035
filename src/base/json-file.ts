/** @file Small text and JSON files from outside, such as configurations, read with limits on size and depth. */
import type * as v from 'valibot';
import { InputError } from './errors.js';
import { isMissing } from './system-errors.js';
import { anyObject, checkJson, type JsonObject } from './json-schema.js';
import { parseJson } from './parse-json.js';
import { readRegularFile } from './regular-file.js';

/** The deepest nesting that `serde_json` accepts, the parser behind Python's `tokenizers`. */
const DEEPEST = 127;

/** The largest file in bytes: twice the size of the largest tokenizers, which are the largest files of this kind. */
const LARGEST = 64 * 2 ** 20;

const AGAIN = 'get the file again';

/**
 * Reads a text file in UTF-8. Keeps a byte order mark, as Python does.
 *
 * @param most the largest size, in bytes
 * @throws InputError if it cannot be read, is not a regular file, is larger, or is not in UTF-8
 */
export async function readTextFile(path: string, most = LARGEST): Promise<string> {
  const bytes = await readRegularFile(path, most);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new InputError(`${path}: expected UTF-8, got bytes that are not; ${AGAIN}`);
  }
}

/**
 * Reads the object in a JSON file. Accepts what Python writes, such as `NaN`.
 *
 * @param most the largest size, in bytes
 * @throws InputError as `readTextFile`, and if the file is not a JSON object or is nested deeper than `serde_json`
 *   accepts
 */
export async function readJsonObject(path: string, most = LARGEST): Promise<JsonObject> {
  const text = await readTextFile(path, most);
  checkDepth(text, path);
  return checkJson(anyObject, parseJson(text, path, AGAIN), path, AGAIN);
}

/**
 * Reads a small JSON file that may be absent, and checks it.
 *
 * @param most the largest size, in bytes
 * @param remedy how an error message ends: what to do
 * @returns undefined if there is none
 * @throws InputError for a file that cannot be read, is larger, or does not match the schema
 */
export async function readOptionalJson<Schema extends v.GenericSchema>(
  path: string,
  schema: Schema,
  most: number,
  remedy: string,
): Promise<v.InferOutput<Schema> | undefined> {
  const bytes = await ifThere(readRegularFile(path, most));
  return bytes && checkJson(schema, parseJson(bytes.toString('utf8'), path, remedy), path, remedy);
}

/** Awaits the reading of a file; returns undefined if the file does not exist. */
export async function ifThere<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Checks the nesting before parsing: a hundred megabytes of brackets would become gigabytes of lists. */
function checkDepth(json: string, file: string): void {
  let depth = 0;
  let isInString = false;
  for (let i = 0; i < json.length; i++) {
    const code = json.charCodeAt(i);
    if (isInString) {
      if (code === BACKSLASH) i++;
      else if (code === QUOTE) isInString = false;
    } else if (code === QUOTE) isInString = true;
    else if (code === OPEN_LIST || code === OPEN_OBJECT) {
      if (++depth > DEEPEST)
        throw new InputError(
          `${file}: expected JSON of at most ${DEEPEST} levels, got more (character ${i + 1}); ${AGAIN}`,
        );
    } else if (code === CLOSE_LIST || code === CLOSE_OBJECT) depth--;
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
