/** @file The folder of an export: either complete and checked or absent, and never with other files in it. */
import { createHash } from 'node:crypto';
import { lstat, mkdir, readdir, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import * as v from 'valibot';
import { InputError } from '../base/errors.js';
import { syncFolder, writeFileAtomic } from '../base/files.js';
import { forget, removeOnExit } from '../base/exit-removal.js';
import { indentedJson } from '../base/indented-json.js';
import { fileError, isMissing } from '../base/system-errors.js';
import { makeFolders } from '../base/folders.js';
import { isStale, makerTag, removeStaleFiles } from '../base/stale-files.js';
import { listOf, object } from '../base/json-schema.js';
import { soundJson } from '../base/parse-json.js';

/** The file that marks an export; it says what was exported and how. */
const EXPORT_FILE = 'kd-export.json';

const DESCRIPTION = object({ files: listOf(v.unknown()) });

/**
 * Checks that a folder can be used for an export: it does not exist, is empty, or is an earlier export with no other
 * files in it; and nothing keeps it from being replaced.
 *
 * @throws InputError for a file, a folder with other contents, the current one, or one where a disk is mounted
 */
export async function checkExportFolder(folder: string): Promise<void> {
  // would otherwise resolve to the current folder and everything in it
  if (folder === '') throw new InputError('--to: expected the name of a folder, got an empty text; name one');
  const stats = await stat(folder).catch(() => undefined);
  if (stats === undefined) return refuseBrokenLink(folder);
  if (!stats.isDirectory())
    throw new InputError(`--to ${folder}: expected a folder, or none yet, got a file; name another`);
  const names = await readdir(folder).catch((error: unknown) => {
    throw fileError(folder, 'cannot be read', error);
  });
  if (names.length === 0) return checkExchangeable(folder, stats.dev);
  if (!names.includes(EXPORT_FILE)) {
    throw new InputError(
      `--to ${folder}: expected an empty folder or an earlier export, got one with ${names.sort()[0]} in it; ` +
        'name another folder',
    );
  }
  const exported = new Set(await exportedFiles(folder));
  const other = (await filesBelow(folder)).find((name) => !exported.has(name));
  if (other === undefined) return checkExchangeable(folder, stats.dev);
  throw new InputError(
    `--to ${folder}: expected an earlier export and nothing else, got ${other}, which is not of that export; ` +
      'move it away, or name another folder',
  );
}

async function refuseBrokenLink(folder: string): Promise<void> {
  if ((await lstat(folder).catch(() => undefined)) === undefined) return;
  throw new InputError(`--to ${folder}: expected a folder, or none yet, got a link to nothing; name another`);
}

/**
 * Refuses folders that cannot be exchanged for a new one: the root of a mounted file system, such as a container's
 * volume; and the current folder or one above it, which would be deleted under the shell.
 */
async function checkExchangeable(folder: string, device: number): Promise<void> {
  const place = await realpath(folder);
  const [first] = relative(place, process.cwd()).split(sep);
  const isMounted = (await stat(dirname(place))).dev !== device;
  if (first === '..' && !isMounted) return;
  throw new InputError(
    `--to ${folder}: expected a folder that can be replaced by the complete export, got ` +
      `${isMounted ? 'one where a file system is mounted' : 'the current folder'}; name a new folder in it, such as ` +
      join(folder, 'exported'),
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
  const place = await placeOf(folder);
  const tag = makerTag();
  const temporary = join(dirname(place), `${BESIDE}${tag}.tmp`);
  const earlier = `${earlierPrefix(place)}${tag}${EARLIER_ENDING}`;
  try {
    await makeFolders(dirname(place));
    await restoreEarlier(place);
    removeStaleFiles(dirname(place), (name) => name.startsWith(BESIDE) && name.endsWith('.tmp'));
    await mkdir(temporary);
    removeOnExit(temporary);
    const description = await fill(temporary);
    const files = await filesBelow(temporary);
    await writeFileAtomic(join(temporary, EXPORT_FILE), indentedJson({ ...description, files }));
    await checkExportFolder(folder); // a file may have been added meanwhile
    await replace(place, temporary, earlier);
  } catch (error) {
    throw namedAs(folder, temporary, fileError(folder, 'cannot be written', error));
  } finally {
    // if it cannot be removed, as when there is no such folder, the next export does so
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
    forget(temporary);
  }
}

/** The path of a folder; of a link to a folder, that folder's, so that the link stays. */
async function placeOf(folder: string): Promise<string> {
  return realpath(folder).catch((error: unknown) => {
    if (isMissing(error)) return resolve(folder);
    throw fileError(folder, 'cannot be read', error);
  });
}

/** An error with the folder's name in place of the temporary one. */
function namedAs(folder: string, temporary: string, error: unknown): unknown {
  if (!(error instanceof InputError) || !error.message.includes(temporary)) return error;
  return new InputError(error.message.replaceAll(temporary, folder), { cause: error });
}

/** How the names of folders begin that are beside an export while it is written. */
const BESIDE = '.kd-export-';
const EARLIER_ENDING = '.old';

/** How the paths begin to which earlier exports are moved while they are replaced. */
function earlierPrefix(place: string): string {
  const id = createHash('sha256').update(basename(place)).digest('hex').slice(0, 16);
  return join(dirname(place), `${BESIDE}${id}-`);
}

/**
 * Moves an earlier export back if the process that was replacing it was killed between its two renames; removes it if
 * the new export is there.
 */
async function restoreEarlier(place: string): Promise<void> {
  const folder = dirname(place);
  const isEarlier = (name: string): boolean =>
    join(folder, name).startsWith(earlierPrefix(place)) && name.endsWith(EARLIER_ENDING);
  const isThere = (await lstat(place).catch(() => undefined)) !== undefined;
  const left = isThere ? undefined : (await readdir(folder)).find((name) => isEarlier(name) && isStale(folder, name));
  if (left !== undefined) await rename(join(folder, left), place);
  removeStaleFiles(folder, isEarlier);
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
