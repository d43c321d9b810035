/**
 * @file A token store in the making. Files are written to a folder inside the store's own, named after the process, and
 * then published by renaming, the manifest last, one process at a time. So at any moment the store is complete or has
 * no manifest. Whatever a killed process leaves behind is removed by the next one.
 */
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../../base/errors.js';
import { isPendingName, syncFolder, writeFileAtomic } from '../../base/files.js';
import { indentedJson } from '../../base/indented-json.js';
import { fileError } from '../../base/system-errors.js';
import { makeFolders, removeEmptyFolders } from '../../base/folders.js';
import { makerTag, removeStaleFiles } from '../../base/stale-files.js';
import { isLockName } from '../../base/lock/claim.js';
import { takeLock } from '../../base/lock/lock.js';
import { MANIFEST } from './manifest.js';
import { isUseMark } from './store-use.js';

/** The prefix of the folders in which stores are made, followed by the process. */
const PARTIAL = '.partial-';

/** Whether a name in a store's folder is that of a store in the making. */
export function isPartialStore(name: string): boolean {
  return name.startsWith(PARTIAL);
}

/** The files of a store, besides its manifest and its report. */
const SHARD_FILE = /^(training|validation)-\d+\.arrow$/;
const REPORT_FILE = /^report\.(json|html)$/;

/** Longer than another process needs to publish, in milliseconds. */
const PATIENCE_MS = 60_000;

/** The folder of a token store that is being made. */
export interface StoreFolder {
  /** The folder for new files. */
  readonly partial: string;
  /** Replaces the files of an earlier store with the new ones, the manifest last. */
  publish(files: readonly string[], manifest: object): Promise<void>;
  /** Removes whatever was not published, and the folders created for it. */
  discard(): Promise<void>;
}

/**
 * Begins a store: creates the folder, and removes what killed processes left there. An earlier store is untouched until
 * the new one is published. Throws an `InputError` if the folder has other contents or cannot be written to.
 */
export async function beginStore(folder: string): Promise<StoreFolder> {
  const partial = join(folder, `${PARTIAL}${makerTag()}`);
  let firstMade: string | undefined;
  try {
    firstMade = await makePartial(folder, partial);
  } catch (error) {
    throw fileError(folder, 'cannot be written', error);
  }
  return {
    partial,
    async publish(files, manifest) {
      const text = indentedJson(manifest);
      const lock = await takeLock(folder, { what: 'a token store', patience: PATIENCE_MS });
      try {
        if (await isPublished(folder, partial, files, text)) return; // by another process that makes the same store
        await removeStore(folder);
        for (const file of files) await rename(join(partial, file), join(folder, file));
        await syncFolder(folder);
        await writeFileAtomic(join(folder, MANIFEST), text);
      } catch (error) {
        throw fileError(folder, 'cannot be written', error);
      } finally {
        lock.release();
      }
    },
    async discard() {
      await rm(partial, { recursive: true, force: true });
      if (firstMade !== undefined) await removeEmptyFolders(folder, firstMade);
    },
  };
}

/**
 * Creates the folder of a store and a working folder inside it. Tries again if another process that gives up removes
 * the folder while it is empty.
 */
async function makePartial(folder: string, partial: string): Promise<string | undefined> {
  let firstMade: string | undefined;
  for (let attempt = 1; ; attempt++) {
    try {
      firstMade = (await makeFolders(folder)) ?? firstMade;
      await requireOwnFiles(folder);
      removeStaleFiles(folder, (name) => isPartialStore(name) || isPendingName(name));
      await mkdir(partial);
      return firstMade;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || attempt === 10) throw error;
    }
  }
}

/** Whether an identical store is there already: the same manifest, which holds the checksums, and all its files. */
async function isPublished(
  folder: string,
  partial: string,
  files: readonly string[],
  manifest: string,
): Promise<boolean> {
  if ((await readFile(join(folder, MANIFEST), 'utf8').catch(() => undefined)) !== manifest) return false;
  for (const file of files.filter((each) => !REPORT_FILE.test(each))) {
    const [there, made] = await Promise.all(
      [folder, partial].map((place) =>
        stat(join(place, file)).then(
          ({ size }) => size,
          () => -1,
        ),
      ),
    );
    if (there !== made) return false;
  }
  return true;
}

async function requireOwnFiles(folder: string): Promise<void> {
  const other = (await readdir(folder)).find((name) => !isOwnName(name));
  if (other === undefined) return;
  throw new InputError(
    `${folder}: expected an empty folder or a token store, got one with ${other} in it; name another folder`,
  );
}

function isOwnName(name: string): boolean {
  const isStore = name === MANIFEST || SHARD_FILE.test(name) || REPORT_FILE.test(name);
  return isStore || isPartialStore(name) || name.endsWith('.tmp') || isLockName(name) || isUseMark(name);
}

/** Removes the manifest first, so that what is left is no longer a store. */
async function removeStore(folder: string): Promise<void> {
  await rm(join(folder, MANIFEST), { force: true });
  for (const name of await readdir(folder))
    if (SHARD_FILE.test(name) || REPORT_FILE.test(name)) await rm(join(folder, name), { force: true });
}
