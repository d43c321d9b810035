/** @file The hub's listing of a model's files, checked before it is used. */
import { InputError } from '../base/errors.js';
import { isObject } from '../base/json-schema.js';
import { shown, shownValue } from './wording.js';

/** A file of a model, as the hub lists it. */
export interface HubFile {
  readonly path: string;
  readonly size: number;
  /** The id of its content: the SHA-256 of a large file, the git object id of another. Names its blob in the cache. */
  readonly contentId: string;
}

/** Far more than any model has. */
export const MAX_FILES = 100_000;

/**
 * A file from an entry of the hub's listing; undefined for a folder.
 *
 * @throws InputError for an invalid entry, for a path that could lead out of the model's folder, and for an impossible
 * size or id
 */
export function fileFrom(entry: unknown, model: string, hubUrl: string): HubFile | undefined {
  if (!isObject(entry))
    throw new InputError(
      `${model}: expected a list of files from ${hubUrl}, got ${shownValue(entry)} in it; check HF_ENDPOINT`,
    );
  const { type, path, size, oid, lfs } = entry;
  if (type !== 'file') return undefined;
  if (typeof path !== 'string' || !isPlainPath(path))
    throw new InputError(
      `${model}: expected plain paths of files from ${hubUrl}, got ${shownValue(path)}; check HF_ENDPOINT`,
    );
  const where = `${model}/${shown(path)}`;
  if (!Number.isSafeInteger(size) || (size as number) < 0)
    throw new InputError(
      `${where}: expected a size in bytes from ${hubUrl}, got ${shownValue(size)}; check HF_ENDPOINT`,
    );
  const contentId = isObject(lfs) ? lfs.oid : oid;
  // It becomes a file name, so only the usual format is accepted.
  if (typeof contentId !== 'string' || !(isObject(lfs) ? /^[0-9a-f]{64}$/ : /^[0-9a-f]{40}$/).test(contentId))
    throw new InputError(
      `${where}: expected a hexadecimal content id from ${hubUrl}, got ${shownValue(contentId)}; check HF_ENDPOINT`,
    );
  return { path, size: size as number, contentId };
}

/** Whether a path stays inside its folder, on every system. */
function isPlainPath(path: string): boolean {
  const parts = path.split('/');
  // oxlint-disable-next-line no-control-regex -- which no file of a model has in its name
  return !/[\\\0-\x1f]/.test(path) && parts.every((part) => part !== '' && part !== '.' && part !== '..');
}
