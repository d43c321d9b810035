/** @file The folder of an export: whole and checked, or not there; and nobody else's. */
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

/** The file that makes a folder an export: what it was made from, and how. */
export const EXPORT_FILE = 'kd-export.json';

const DESCRIPTION = object({ files: listOf(v.unknown()) });

/**
 * Checks that a folder may become an export: it is not there, empty, or an earlier export with nothing in it but what
 * was exported.
 *
 * @throws InputError for a file, or a folder that holds other things
 */
export async function checkExportFolder(folder: string): Promise<void> {
  // to the system no folder; resolved, the current one with all that is in it
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

/** The files that an export says it is made of; only itself where it says none. */
async function exportedFiles(folder: string): Promise<string[]> {
  const text = await readFile(join(folder, EXPORT_FILE), 'utf8').catch(() => '');
  const files = soundJson(DESCRIPTION, text)?.files ?? []; // damaged: nothing is known to be of the export
  return [...files.filter((name) => typeof name === 'string'), EXPORT_FILE];
}

/** Paths of all that is in a folder but folders, sorted; an empty folder counts as one. */
async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => !entry.isDirectory()).map(({ parentPath, name }) => join(parentPath, name));
  const empty = entries.filter((entry) => entry.isDirectory()).map(({ parentPath, name }) => join(parentPath, name));
  const bare = empty.filter((path) => !entries.some(({ parentPath }) => parentPath === path));
  return [...paths, ...bare].map((path) => relative(folder, path)).sort();
}

/**
 * Makes an export in a folder beside its place, and moves it there when `fill` is done with it; an earlier export stays
 * until then.
 *
 * @param fill writes and checks everything but the file that marks an export, whose contents it gives
 * @throws InputError as `checkExportFolder`, and where the system refuses; whatever `fill` throws
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
    await checkExportFolder(folder); // somebody may have put a file there meanwhile
    await replace(place, temporary!, earlier!);
  } catch (error) {
    throw fileError(folder, 'cannot be written', error);
  } finally {
    await rm(temporary!, { recursive: true, force: true });
  }
}

/**
 * Puts the new folder in place of the earlier one, if any; where that fails, the earlier one is put back. Another
 * process may put its own there meanwhile, which is then the earlier one.
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
