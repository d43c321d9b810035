/**
 * @file A token store in the making. Everything is made in a folder inside the store's own, named after the process;
 * what is finished moves up by renaming, the manifest last. So at any moment the store is whole, or has no manifest;
 * what a killed process left behind is removed by the next one.
 */
import { mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { InputError } from '../../errors.js';
import { fileError, syncFolder, writeFileAtomic } from '../../files.js';
import { MANIFEST } from './manifest.js';

const PARTIAL = /^\.partial-(\d+)$/;

/** The files that a store consists of, besides its manifest. */
const STORE_FILE = /^(training|validation)-\d+\.arrow$|^report\.(json|html)$|\.tmp$/;

export interface StoreFolder {
  /** The folder to make files in. */
  readonly partial: string;
  /** Puts the files made in the place of those of an earlier store, and the manifest last. */
  publish(files: readonly string[], manifest: object): Promise<void>;
  /** Removes what was not published, and folders made for it. */
  discard(): Promise<void>;
}

/**
 * Begins a store: makes the folder, and removes what killed processes left there. An earlier store stays as it is until
 * the new one is published. Throws an `InputError` for a folder that holds other things, or cannot be written.
 */
export async function beginStore(folder: string): Promise<StoreFolder> {
  const partial = join(folder, `.partial-${process.pid}`);
  let firstMade: string | undefined;
  try {
    firstMade = await mkdir(folder, { recursive: true });
    await requireOwnFiles(folder);
    await removeLeftovers(folder);
    await mkdir(partial);
  } catch (error) {
    throw fileError(folder, 'cannot be written', error);
  }
  return {
    partial,
    async publish(files, manifest) {
      await removeStore(folder);
      for (const file of files) await rename(join(partial, file), join(folder, file));
      await syncFolder(folder);
      await writeFileAtomic(join(folder, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
    },
    async discard() {
      await rm(partial, { recursive: true, force: true });
      if (firstMade !== undefined) await removeEmpty(resolve(folder), resolve(firstMade));
    },
  };
}

/** Removes a folder and those above it up to `last`, as long as they are empty. */
async function removeEmpty(folder: string, last: string): Promise<void> {
  const isEmpty = await rmdir(folder).then(() => true, () => false);
  if (isEmpty && folder !== last) await removeEmpty(dirname(folder), last);
}

async function requireOwnFiles(folder: string): Promise<void> {
  const other = (await readdir(folder)).find((name) => name !== MANIFEST && !STORE_FILE.test(name) && !PARTIAL.test(name));
  if (other === undefined) return;
  throw new InputError(`${folder}: expected an empty folder or a token store, got one with ${other} in it; name another folder`);
}

/** Unfinished stores of processes that are no more. */
async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const pid = PARTIAL.exec(name)?.[1];
    if (pid !== undefined && !(isRunning(Number(pid)) && Number(pid) !== process.pid)) await rm(join(folder, name), { recursive: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The manifest goes first: without it, what is left is no store. */
async function removeStore(folder: string): Promise<void> {
  await rm(join(folder, MANIFEST), { force: true });
  for (const name of await readdir(folder)) if (STORE_FILE.test(name)) await rm(join(folder, name), { force: true });
}
