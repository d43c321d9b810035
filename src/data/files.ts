/** @file Finds the files under the paths that a user named, and in the archives among them. */
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { InputError } from '../base/errors.js';
import { isNamed } from '../base/existence.js';
import { shellQuote } from '../base/shell.js';
import { arePartners, partnerFolders, sidesOf } from './aligned-names.js';
import { filesInArchive, isNamedArchive } from './archive-files.js';
import { compareNames, type FileFolder, type FoundFiles } from './found-files.js';
import { isDescription, isLeftBehind } from './ignored-names.js';
import { isModelFolder } from './model-folders.js';
import { DEFAULT_DATA, noDefaultData } from './nothing-found.js';
import type { StoredFile } from './readers/stored-file.js';
import type { SkippedFile } from './skipped-file.js';
import { isStore, MANIFEST } from './store/manifest.js';
import { isFolder, lookUp, readable, shownPath } from './system-lookup.js';

/** The state of a search. */
interface Search {
  /** The files and folders found, by device and inode, so that none counts twice and the search always ends. */
  readonly seen: Set<string>;
  /** Links to folders. Followed last, so that a folder goes by its own name and not by a link's. */
  readonly links: string[];
  readonly folders: FileFolder[];
  readonly skipped: SkippedFile[];
  readonly ignored: string[];
  readonly samples: string[];
}

/** Marks the project's own sample, which is used only if it is named itself, not as part of a folder around it. */
const SAMPLE_MARKER = '.kd-sample';

/**
 * Finds all files under the files and folders that a user named, and in the archives among them. Folders are searched
 * recursively, each once; a file reached twice counts once. Skips what systems leave behind, documentation and folders
 * of models; lists what cannot be read in a folder. Throws an `InputError` for a named path or folder that cannot be
 * read, and for a damaged archive.
 */
export async function findFiles(paths: readonly string[]): Promise<FoundFiles> {
  const search: Search = { seen: new Set(), links: [], folders: [], skipped: [], ignored: [], samples: [] };
  for (const given of paths) {
    if (given === DEFAULT_DATA && !(await isNamed(given))) throw noDefaultData();
    const stats = await readable(given, stat(given));
    if (stats.isDirectory()) await searchFolder(given, search);
    else addFiles(path.dirname(given), [path.basename(given)], search, await partnersOf(given));
    for (let link = search.links.shift(); link !== undefined; link = search.links.shift())
      await searchFolder(link, search, false);
  }
  return search;
}

/** Finds files that may be the other side of an aligned file: beside it, or in the other language's folder. */
async function partnersOf(given: string): Promise<StoredFile[]> {
  const own = shownPath(path.normalize(given));
  if (sidesOf(own).length === 0) return [];
  const others = partnerFolders(path.normalize(given)).filter(isFolder);
  const files: StoredFile[] = [];
  for (const folder of [path.dirname(given), ...others]) {
    for (const entry of await readable(folder, readdir(folder))) {
      const place = path.join(folder, entry);
      const name = shownPath(place);
      const found = arePartners(own, name) ? lookUp(place) : undefined;
      if (typeof found === 'object' && found.isFile()) files.push({ name, path: place, bytes: found.size });
    }
  }
  return files;
}

/**
 * @param isGiven whether the user named the folder itself
 */
async function searchFolder(folder: string, search: Search, isGiven = true): Promise<void> {
  const { dev, ino } = await readable(folder, stat(folder));
  const identity = `${dev}:${ino}`;
  if (search.seen.has(identity) || isModelFolder(folder)) return;
  const entries = await readable(folder, readdir(folder, { withFileTypes: true }));
  if (!isGiven && entries.some(({ name }) => name === SAMPLE_MARKER)) {
    search.samples.push(shownPath(folder));
    return;
  }
  search.seen.add(identity);
  if (entries.some(({ name }) => name === MANIFEST) && (await isStore(folder))) {
    if (isGiven) throw givenStore(folder);
    search.skipped.push({ file: shownPath(folder), why: 'a token store, which is prepared already' });
    return;
  }
  const files: string[] = [];
  for (const entry of entries.sort((a, b) => compareNames(a.name, b.name))) {
    const place = path.join(folder, entry.name);
    if (isLeftBehind(entry.name)) search.ignored.push(shownPath(place));
    else if (entry.isDirectory()) await searchWithin(place, search);
    else if (entry.isSymbolicLink() && isFolder(place)) search.links.push(place);
    else files.push(entry.name);
  }
  addFiles(folder, files, search);
}

function givenStore(folder: string): InputError {
  const name = shownPath(folder);
  return new InputError(
    `${name}: expected files of pairs, got a token store, which is prepared already; train on it with ` +
      `--data ${shellQuote(name)} and no other data`,
  );
}

/** Searches a subfolder. One whose name the system rejects is listed as skipped. */
async function searchWithin(folder: string, search: Search): Promise<void> {
  const refusal = lookUp(folder);
  if (typeof refusal === 'string') search.skipped.push({ file: shownPath(folder), why: refusal });
  else await searchFolder(folder, search, false);
}

function addFiles(
  folder: string,
  names: readonly string[],
  search: Search,
  partners: readonly StoredFile[] = [],
): void {
  const files: StoredFile[] = [];
  for (const name of names) {
    const place = path.join(folder, name);
    const found = lookUp(place);
    if (typeof found === 'string') {
      search.skipped.push({ file: shownPath(place), why: found });
      continue;
    }
    if (isSeen(`${found.dev}:${found.ino}:${found.size}`, search)) continue;
    if (!found.isFile()) {
      const why = 'a pipe, socket or device, which cannot be read twice; save it as a file';
      search.skipped.push({ file: shownPath(place), why });
    } else if (isNamedArchive(place, found)) addArchive(place, search);
    else if (isDescription(name, (other) => names.includes(other))) search.ignored.push(shownPath(place));
    else files.push({ name: shownPath(place), path: place, bytes: found.size });
  }
  if (files.length > 0) search.folders.push({ name: shownPath(folder), files, partners });
}

function addArchive(file: string, search: Search): void {
  const { folders, skipped, ignored } = filesInArchive(file);
  // One by one: there may be more than a call can have arguments.
  for (const folder of folders) search.folders.push(folder);
  for (const each of skipped) search.skipped.push(each);
  for (const name of ignored) search.ignored.push(name);
}

function isSeen(identity: string, { seen }: Search): boolean {
  if (seen.has(identity)) return true;
  seen.add(identity);
  return false;
}
