/** @file Finds the files in a zip archive. */
import type { Stats } from 'node:fs';
import path from 'node:path';
import { compareNames, type FileFolder, type FoundFiles } from './found-files.js';
import { isIgnoredMember } from './ignored-names.js';
import { modelFoldersOf } from './model-folders.js';
import { isZip, listArchive, whyUnreadable } from './readers/archive.js';
import { openFile, type RandomAccess } from './readers/random-access.js';
import type { StoredFile } from './readers/stored-file.js';
import type { SkippedFile } from './skipped-file.js';
import { shownPath } from './system-lookup.js';

/** Whether a file has the name and the first bytes of an archive. */
export function isNamedArchive(place: string, { size }: Stats): boolean {
  if (!/\.zip$/i.test(place) || size === 0) return false;
  try {
    const file = openFile(place, shownPath(place));
    try {
      return isZip(file.read(0, 4)) || mayBePrepended(file);
    } finally {
      file.close();
    }
  } catch {
    return false; // it is examined again later, and listed then
  }
}

/** Whether an archive is preceded by something else, such as a program that unpacks it. */
function mayBePrepended(file: RandomAccess): boolean {
  try {
    return listArchive(file).length > 0;
  } catch {
    return false;
  }
}

/** Lists the files in a zip archive. Throws a `DamagedArchiveError`. */
export function filesInArchive(file: string): FoundFiles {
  const folders: FileFolder[] = [];
  const skipped: SkippedFile[] = [];
  const ignored: string[] = [];
  const archive = openFile(file, shownPath(file));
  try {
    const entries = listArchive(archive);
    const files: StoredFile[] = [];
    const modelFolders = modelFoldersOf(entries, archive);
    const paths = new Set(entries.map((entry) => entry.path));
    for (const entry of entries.sort((a, b) => compareNames(a.path, b.path))) {
      const name = `${archive.name}/${entry.path}`;
      const why = whyUnreadable(entry);
      if (isIgnoredMember(entry.path, paths)) ignored.push(name);
      else if (modelFolders.has(path.posix.dirname(entry.path))) continue;
      else if (why === undefined) files.push({ name, path: file, bytes: entry.member.size, member: entry.member });
      else skipped.push({ file: name, why });
      if (why === undefined && entry.replaced > 0) skipped.push({ file: name, why: whyReplaced(entry.replaced) });
    }
    const byFolder = groupBy(files, ({ name }) => path.posix.dirname(name));
    for (const [name, inFolder] of byFolder) folders.push({ name, files: inFolder });
    return { folders, skipped, ignored, samples: [] };
  } finally {
    archive.close();
  }
}

/** Why earlier files of the same path in an archive are not read. */
function whyReplaced(count: number): string {
  const earlier = count === 1 ? 'an earlier file' : `${count} earlier files`;
  return `${earlier} of this very name, replaced by the last one as when unpacked; rename each to use all`;
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
