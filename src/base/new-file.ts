/** @file New files, which are complete or absent and never replace another. */
import { link, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { pendingName, syncFolder } from './files.js';
import { fileError } from './system-errors.js';

/** `stem.ending`, `stem-2.ending`, `stem-3.ending` and so on. */
export function* numberedNames(stem: string, ending: string): Generator<string, never> {
  yield `${stem}${ending}`;
  for (let number = 2; ; number++) yield `${stem}-${number}${ending}`;
}

/**
 * Writes a whole file under the first of several names that is free, even while other processes write to the same
 * folder. The file system decides which names are equal; it may ignore case.
 *
 * @returns the path of the file
 * @throws InputError when the system refuses
 */
export async function writeNewFile(folder: string, names: Iterable<string>, data: Uint8Array): Promise<string> {
  const temporary = join(folder, pendingName());
  try {
    await writeWhole(await open(temporary, 'wx'), data);
    for (const name of names) {
      const path = join(folder, name);
      if (!(await isNamed(temporary, path))) continue;
      await syncFolder(folder);
      return path;
    }
  } catch (error) {
    throw fileError(folder, 'cannot be written', error);
  } finally {
    await rm(temporary, { force: true });
  }
  throw new Error(`${folder}: all names are taken`);
}

async function writeWhole(file: FileHandle, data: Uint8Array): Promise<void> {
  try {
    await file.writeFile(data);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Errors of file systems without hard links. */
const NO_LINKS = ['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EXDEV', 'EMLINK'];

/** Links a file to a name; returns false if the name is taken. */
async function isNamed(temporary: string, path: string): Promise<boolean> {
  try {
    await link(temporary, path);
    return true;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (code === 'EEXIST') return false;
    if (!NO_LINKS.includes(code)) throw error;
  }
  return isNamedWithoutLinks(temporary, path);
}

/** Reserves the name with an empty file, then replaces that with the complete one. */
async function isNamedWithoutLinks(temporary: string, path: string): Promise<boolean> {
  try {
    await (await open(path, 'wx')).close();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
  await rename(temporary, path);
  return true;
}
