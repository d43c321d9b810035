/** @file What a search for files finds. */
import type { StoredFile } from './readers/stored-file.js';
import type { SkippedFile } from './skipped-file.js';

/** The files of one folder, on disk or in an archive. */
export interface FileFolder {
  /** The path for messages: printable, with `/` and in NFC. */
  readonly name: string;
  /** Sorted by name. */
  readonly files: readonly StoredFile[];
  /** Files beside one that the user named, one of which may be its other side. */
  readonly partners?: readonly StoredFile[];
}

/** The files below some paths. */
export interface FoundFiles {
  readonly folders: readonly FileFolder[];
  readonly skipped: readonly SkippedFile[];
  /** Files that are skipped silently, because their names say that they hold no data. */
  readonly ignored: readonly string[];
  /** Folders of the project's sample that were skipped. */
  readonly samples: readonly string[];
}

/**
 * Compares by code units after NFC, so that the order is the same on every machine and however an archive encodes
 * names.
 */
export function compareNames(a: string, b: string): number {
  const [left, right] = [a.normalize('NFC'), b.normalize('NFC')];
  return left < right ? -1 : left > right ? 1 : 0;
}
