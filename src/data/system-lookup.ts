/** @file Asks the operating system about paths. */
import { lstatSync, statSync, type Stats } from 'node:fs';
import path from 'node:path';
import { atPlace } from '../base/absolute-path.js';
import { InputError, messageOf, printable } from '../base/errors.js';
import { isSystemError } from '../base/system-errors.js';

/**
 * A path for messages: printable, with `/` and in NFC. Returns the same string if nothing changes, as there may be
 * hundreds of thousands.
 */
export function shownPath(place: string): string {
  const shown = printable((path.sep === '/' ? place : place.replaceAll(path.sep, '/')).normalize('NFC'));
  return shown === place ? place : shown;
}

/**
 * The system's information about a file, or its reason for refusing. Synchronous, as there may be hundreds of
 * thousands.
 */
export function lookUp(place: string): Stats | string {
  try {
    return statSync(place);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    if (error.code === 'ENOENT' && isLink(place)) return 'a link to a file that is not there';
    if (error.code === 'ENOENT' && place.includes('\ufffd')) return 'its name is not UTF-8; rename it';
    const [found, remedy] = REFUSALS[error.code] ?? [messageOf(error), 'check the path'];
    return `${found}; ${remedy}`;
  }
}

function isLink(place: string): boolean {
  return lstatSync(place, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

/** Whether a path is a folder, following links. */
export function isFolder(place: string): boolean {
  try {
    return statSync(place).isDirectory();
  } catch (error) {
    if (isSystemError(error)) return false;
    throw error;
  }
}

/** The result of a system call on a path. Throws an `InputError` if it fails. */
export async function readable<T>(place: string, result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (error) {
    if (!isSystemError(error)) throw error;
    const [found, remedy] = REFUSALS[error.code] ?? [messageOf(error), 'check the path'];
    const where = error.code === 'ENOENT' ? atPlace(place) : '';
    throw new InputError(`${place}: expected a file or folder that can be read, but ${found}${where}; ${remedy}`);
  }
}

const REFUSALS: Readonly<Record<string, readonly [found: string, remedy: string]>> = {
  ENOENT: ['there is none', 'check the path'],
  EACCES: ['permission is denied', 'allow reading it'],
  ELOOP: ['it is a link that leads back to itself', 'remove it'],
  ENAMETOOLONG: ['its path is longer than the system takes', 'move it nearer to the root'],
};
