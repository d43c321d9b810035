/** @file Files of a model folder, read within bounds. */
import { open, type FileHandle } from 'node:fs/promises';
import { constants } from 'node:fs';
import path from 'node:path';
import { InputError, messageOf } from '../base/errors.js';
import { parsePythonJson } from '../base/python-json.js';

/** Several times the largest tokenizer file in use (some 34 MB). In bytes. */
const MAX_BYTES = 64 * 2 ** 20;

/** What `serde_json`, the reader behind Python's `tokenizers`, allows. */
const MAX_DEPTH = 127;

/** The content of a JSON file that holds an object, or undefined where there is no such file. */
export async function readJsonObject(folder: string, name: string): Promise<Record<string, unknown> | undefined> {
  const file = path.join(folder, name);
  const text = await readTextFile(file);
  if (text === undefined) return undefined;
  checkDepth(text, file);
  let value: unknown;
  try {
    value = parsePythonJson(text);
  } catch (error) {
    throw new InputError(`${file}: expected JSON, got something else (${messageOf(error)}); get the file anew`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InputError(`${file}: expected a JSON object, got ${text.slice(0, 20)}; get the file anew`);
  }
  return value as Record<string, unknown>;
}

/** The text of a file, or undefined where there is no such file. A byte order mark stays, as it does in Python. */
export async function readTextFile(file: string): Promise<string | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK); // a pipe would wait for its writer
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new InputError(`${file}: expected a readable file, got ${messageOf(error)}`);
  }
  try {
    const entry = await handle.stat();
    if (!entry.isFile()) throw new InputError(`${file}: expected a file, got ${kindOf(entry)}; get the file anew`);
    if (entry.size > MAX_BYTES) {
      const megabytes = Math.ceil(entry.size / 2 ** 20).toLocaleString('en');
      throw new InputError(
        `${file}: expected at most ${MAX_BYTES / 2 ** 20} MB, more than any tokenizer takes, got ${megabytes} MB; ` +
          'get the file anew',
      );
    }
    return decode(await handle.readFile(), file);
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`${file}: expected a readable file, got ${messageOf(error)}`);
  } finally {
    await handle.close();
  }
}

function kindOf(entry: { isDirectory(): boolean; isFIFO(): boolean }): string {
  if (entry.isDirectory()) return 'a folder';
  return entry.isFIFO() ? 'a pipe' : 'a device';
}

function decode(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new InputError(`${file}: expected UTF-8, got bytes that are not; get the file anew`);
  }
}

/** Before parsing: a hundred megabytes of brackets would become gigabytes of lists. */
function checkDepth(text: string, file: string): void {
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (quoted) {
      if (code === BACKSLASH) i++;
      else if (code === QUOTE) quoted = false;
    } else if (code === QUOTE) quoted = true;
    else if (code === OPEN_LIST || code === OPEN_OBJECT) {
      if (++depth > MAX_DEPTH) {
        throw new InputError(
          `${file}: expected JSON of at most ${MAX_DEPTH} levels, got more (character ${i + 1}); get the file anew`,
        );
      }
    } else if (code === CLOSE_LIST || code === CLOSE_OBJECT) depth--;
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
