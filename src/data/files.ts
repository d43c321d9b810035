import { statSync } from 'node:fs';
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { InputError, messageOf, printable } from '../errors.js';
import { listArchive, readMember, whyUnreadable, type ArchiveEntry } from './readers/archive.js';
import { openFile, type RandomAccess } from './readers/random-access.js';
import type { StoredFile } from './readers/stored-file.js';
import type { SkippedFile } from './source.js';

/** The files of one folder, on disk or in an archive. */
export interface FileFolder {
  /** Path as it is shown: printable, with `/` and in NFC. */
  readonly name: string;
  /** In the order of their names. */
  readonly files: readonly StoredFile[];
}

export interface FoundFiles {
  readonly folders: readonly FileFolder[];
  readonly skipped: readonly SkippedFile[];
  /** Folders of the project's sample that were passed over. */
  readonly samples: readonly string[];
}

/** What a search has come to. */
interface Search {
  /** The files found, by what they are on disk, so that none counts twice. */
  readonly seen: Set<string>;
  readonly folders: FileFolder[];
  readonly skipped: SkippedFile[];
  readonly samples: string[];
}

/** Folders may explain themselves; that is neither data nor worth a word. */
const DOCUMENTATION = /^(readme|licen[cs]e)(\.|$)/i;

/** In the folder of the project's own sample: it is used where it is named, and is no part of a folder around it. */
const SAMPLE_MARKER = '.kd-sample';

const MODEL_CONFIG = 'config.json';
const MAX_CONFIG_BYTES = 1 << 16;

/**
 * All files under the files and folders that a user gave, and in the archives among them; folders are searched in full.
 * A file reached twice counts once. Names that start with a dot, documentation and folders of models are passed over, and
 * the project's own sample, unless it is named itself.
 * Throws an `InputError` for what cannot be read.
 */
export async function findFiles(paths: readonly string[]): Promise<FoundFiles> {
  const search: Search = { seen: new Set(), folders: [], skipped: [], samples: [] };
  for (const given of paths) {
    const isFolder = (await readable(given, stat(given))).isDirectory();
    if (isFolder) await searchFolder(given, [], search);
    else await addFiles(path.dirname(given), [path.basename(given)], search);
  }
  return search;
}

/** By code units after NFC, so that the order is the same on every machine and however an archive wrote the names. */
export function compareNames(a: string, b: string): number {
  const [left, right] = [a.normalize('NFC'), b.normalize('NFC')];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** `above` holds the real paths of the folders it lies in: a link may lead back to one. */
async function searchFolder(folder: string, above: readonly string[], search: Search): Promise<void> {
  const here = await readable(folder, realpath(folder));
  if (above.includes(here) || (await isModelFolder(folder))) return;
  const entries = await readable(folder, readdir(folder, { withFileTypes: true }));
  if (above.length > 0 && entries.some(({ name }) => name === SAMPLE_MARKER)) {
    search.samples.push(shownPath(folder));
    return;
  }
  const files: string[] = [];
  for (const entry of entries.sort((a, b) => compareNames(a.name, b.name))) {
    if (isHidden(entry.name)) continue;
    const place = path.join(folder, entry.name);
    const isFolder = entry.isSymbolicLink() ? (await readable(place, stat(place))).isDirectory() : entry.isDirectory();
    if (isFolder) await searchFolder(place, [...above, here], search);
    else files.push(entry.name);
  }
  await addFiles(folder, files, search);
}

async function addFiles(folder: string, names: readonly string[], search: Search): Promise<void> {
  const files: StoredFile[] = [];
  for (const name of names) {
    const place = path.join(folder, name);
    const { bytes, identity, isFile } = lookUp(place);
    if (search.seen.has(identity)) continue;
    search.seen.add(identity);
    if (!isFile) search.skipped.push({ file: shownPath(place), why: 'a pipe or device, which cannot be read twice; save it as a file' });
    else if (/\.zip$/i.test(name)) await searchArchive(place, search);
    else if (!DOCUMENTATION.test(name)) files.push({ name: shownPath(place), path: place, bytes });
  }
  if (files.length > 0) search.folders.push({ name: shownPath(folder), files });
}

async function searchArchive(file: string, { folders, skipped }: Search): Promise<void> {
  const archive = openFile(file, shownPath(file));
  try {
    const entries = await listArchive(archive);
    const files: StoredFile[] = [];
    for (const entry of dataEntries(entries, modelFoldersOf(entries, archive))) {
      const name = `${archive.name}/${entry.path}`;
      const why = whyUnreadable(entry);
      if (why === undefined) files.push({ name, path: file, bytes: entry.member.size, member: entry.member });
      else skipped.push({ file: name, why });
    }
    for (const [name, inFolder] of groupBy(files, ({ name }) => path.posix.dirname(name))) folders.push({ name, files: inFolder });
  } finally {
    archive.close();
  }
}

/** The entries that may be data, in the order of their names. What macOS adds to archives (`__MACOSX`) is none. */
function dataEntries(entries: readonly ArchiveEntry[], modelFolders: ReadonlySet<string>): ArchiveEntry[] {
  const isData = ({ path: inner }: ArchiveEntry): boolean => {
    const parts = inner.split('/');
    return !parts.some(isHidden) && parts[0] !== '__MACOSX' && !DOCUMENTATION.test(parts.at(-1)!) && !modelFolders.has(path.posix.dirname(inner));
  };
  return entries.filter(isData).sort((a, b) => compareNames(a.path, b.path));
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}

function isHidden(name: string): boolean {
  return name.startsWith('.');
}

/** The same string where nothing changes: there may be hundreds of thousands. */
function shownPath(place: string): string {
  const shown = printable((path.sep === '/' ? place : place.replaceAll(path.sep, '/')).normalize('NFC'));
  return shown === place ? place : shown;
}

/** The size of a file, what tells it from all others, and whether it is one. Synchronous: there may be hundreds of thousands. */
function lookUp(place: string): { bytes: number; identity: string; isFile: boolean } {
  try {
    const stats = statSync(place);
    return { bytes: stats.size, identity: `${stats.dev}:${stats.ino}:${stats.size}`, isFile: stats.isFile() };
  } catch (error) {
    throw refused(place, error);
  }
}

/** A folder as the hub lays models out. Its JSON files hold no pairs. */
async function isModelFolder(folder: string): Promise<boolean> {
  try {
    return isModelConfig(await readFile(path.join(folder, MODEL_CONFIG), 'utf8'));
  } catch {
    return false; // no such file
  }
}

/** The folders of models in an archive, as they are named inside. */
function modelFoldersOf(entries: readonly ArchiveEntry[], archive: RandomAccess): ReadonlySet<string> {
  const isConfig = (entry: ArchiveEntry): boolean =>
    path.posix.basename(entry.path) === MODEL_CONFIG && entry.member.size <= MAX_CONFIG_BYTES && whyUnreadable(entry) === undefined;
  const ofModels = entries.filter(isConfig).filter(({ path: inner, member }) => isModelConfig(readMember(archive, member, `${archive.name}/${inner}`).toString('utf8')));
  return new Set(ofModels.map(({ path: inner }) => path.posix.dirname(inner)));
}

/** Whether a `config.json` tells a model's type. */
function isModelConfig(text: string): boolean {
  try {
    const config: unknown = JSON.parse(text);
    return typeof config === 'object' && config !== null && 'model_type' in config;
  } catch {
    return false;
  }
}

async function readable<T>(place: string, result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (error) {
    throw refused(place, error);
  }
}

/** What the system refuses, in a line; a bug as it is. */
function refused(place: string, error: unknown): unknown {
  if (!(error instanceof Error && 'syscall' in error && 'code' in error)) return error;
  const [found, remedy] = REFUSALS[String(error.code)] ?? [messageOf(error), 'check the path'];
  return new InputError(`${place}: expected a file or folder that can be read, but ${found}; ${remedy}`);
}

const REFUSALS: Readonly<Record<string, readonly [string, string]>> = {
  ENOENT: ['there is none', 'check the path'],
  EACCES: ['permission is denied', 'allow reading it'],
};
