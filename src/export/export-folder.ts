/** @file The folder of an export: either complete and checked or absent, and never with other files in it. */
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import * as v from 'valibot';
import { InputError } from '../base/errors.js';
import { syncFolder, writeFileAtomic } from '../base/files.js';
import { fileError } from '../base/system-errors.js';
import { makeFolders } from '../base/folders.js';
import { makerTag, removeStaleFiles } from '../base/stale-files.js';
import { listOf, object } from '../base/json-schema.js';
import { soundJson } from '../base/parse-json.js';

/** The file that marks an export; it says what was exported and how. */
export const EXPORT_FILE = 'kd-export.json';

const DESCRIPTION = object({ files: listOf(v.unknown()) });

/**
 * Checks that a folder can be used for an export: it does not exist, is empty, or is an earlier export with no other
 * files in it.
 *
 * @throws InputError for a file, or a folder with other contents
 */
export async function checkExportFolder(folder: string): Promise<void> {
  // would otherwise resolve to the current folder and everything in it
  if (folder === '') throw new InputError('--to: expected the name of a folder, got an empty text; name one');
  const stats = await stat(folder).catch(() => undefined);
  if (stats === undefined) return;
  if (!stats.isDirectory())
    throw new InputError(`--to ${folder}: expected a folder, or none yet, got a file; name another`);
  const names = await readdir(folder).catch((error: unknown) => {
    throw fileError(folder, 'cannot be read', error);
  });
  if (names.length === 0) return;
  if (!names.includes(EXPORT_FILE)) {
    throw new InputError(
      `--to ${folder}: expected an empty folder or an earlier export, got one with ${names.sort()[0]} in it; ` +
        'name another folder',
    );
  }
  const exported = new Set(await exportedFiles(folder));
  const other = (await filesBelow(folder)).find((name) => !exported.has(name));
  if (other === undefined) return;
  throw new InputError(
    `--to ${folder}: expected an earlier export and nothing else, got ${other}, which is not of that export; ` +
      'move it away, or name another folder',
  );
}

/** The files that an export lists; only its own description if it lists none. */
async function exportedFiles(folder: string): Promise<string[]> {
  const text = await readFile(join(folder, EXPORT_FILE), 'utf8').catch(() => '');
  const files = soundJson(DESCRIPTION, text)?.files ?? []; // if damaged, no file is known to be exported
  return [...files.filter((name) => typeof name === 'string'), EXPORT_FILE];
}

/** Paths of everything in a folder except folders, sorted; an empty folder is included. */
async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => !entry.isDirectory()).map(({ parentPath, name }) => join(parentPath, name));
  const empty = entries.filter((entry) => entry.isDirectory()).map(({ parentPath, name }) => join(parentPath, name));
  const bare = empty.filter((path) => !entries.some(({ parentPath }) => parentPath === path));
  return [...paths, ...bare].map((path) => relative(folder, path)).sort();
}

/**
 * Builds an export in a temporary folder beside its place, and moves it there when `fill` is done; an earlier export
 * stays until then.
 *
 * @param fill writes and checks everything but the export's description, which it returns
 * @throws InputError as `checkExportFolder`, and if the system refuses; whatever `fill` throws
 */
export async function writeExportFolder(folder: string, fill: (temporary: string) => Promise<object>): Promise<void> {
  await checkExportFolder(folder);
  const place = resolve(folder);
  const tag = makerTag();
  const [temporary, earlier] = ['tmp', 'old'].map((ending) => join(dirname(place), `.kd-export-${tag}.${ending}`));
  try {
    await makeFolders(dirname(place));
    removeStaleFiles(dirname(place), (name) => name.startsWith('.kd-export-') && name.endsWith('.tmp'));
    await mkdir(temporary!);
    const description = await fill(temporary!);
    const files = await filesBelow(temporary!);
    await writeFileAtomic(join(temporary!, EXPORT_FILE), `${JSON.stringify({ ...description, files }, null, 2)}\n`);
    await checkExportFolder(folder); // a file may have been added meanwhile
    await replace(place, temporary!, earlier!);
  } catch (error) {
    throw fileError(folder, 'cannot be written', error);
  } finally {
    await rm(temporary!, { recursive: true, force: true });
  }
}

/**
 * Replaces the earlier folder, if any, with the new one; if that fails, restores the earlier one. If another process
 * puts its own folder there meanwhile, that becomes the earlier one.
 */
async function replace(place: string, made: string, earlier: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const isThere = await rename(place, earlier).then(
      () => true,
      () => false,
    );
    try {
      await rename(made, place);
      break;
    } catch (error) {
      const isTaken = ['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '') && attempt < 10;
      if (isTaken) await rm(earlier, { recursive: true, force: true });
      else {
        if (isThere) await rename(earlier, place);
        throw error;
      }
    }
  }
  await syncFolder(dirname(place));
  await rm(earlier, { recursive: true, force: true });
}
