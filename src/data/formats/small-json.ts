/** @file Many small JSON files, usually with one object each. */
import { isObject } from '../../base/json-schema.js';
import type { ColumnNames } from '../columns.js';
import type { Probed } from '../format.js';
import { decodeText } from '../readers/encoding.js';
import { objectsOf } from '../readers/json-files.js';
import { readSmallFiles, type StoredFile } from '../readers/stored-file.js';
import { UnreadableFileError } from '../unreadable-file.js';
import { EXAMINED_ROWS, probeObjects } from './json-objects.js';

/** Small files grouped by what they hold: groups with the same keys, and files without pairs. */
export interface SmallFiles {
  readonly tables: readonly { readonly table: Probed; readonly files: readonly StoredFile[] }[];
  readonly others: readonly { readonly file: StoredFile; readonly reason: string }[];
}

/**
 * Determines what many small JSON files hold. If a sample from the whole folder has only pairs, the others are assumed
 * to have pairs, too; otherwise each is examined. A file that is not JSON is grouped with the others and reported when
 * it is read.
 */
export function probeSmallFiles(files: readonly StoredFile[], names: ColumnNames): SmallFiles {
  const step = Math.max(1, Math.floor(files.length / EXAMINED_ROWS));
  const some = files.filter((_, i) => i < EXAMINED_ROWS || i % step === 0);
  const sample = sortByKeys(some, names);
  const isEvenly = sample.tables.length === 1 && sample.others.length === 0;
  return isEvenly ? { tables: [{ table: sample.tables[0]!.table, files }], others: [] } : sortByKeys(files, names);
}

function sortByKeys(files: readonly StoredFile[], names: ColumnNames): SmallFiles {
  const tables = new Map<string, { table: Probed; files: StoredFile[] }>();
  const others: { file: StoredFile; reason: string }[] = [];
  const broken: { file: StoredFile; reason: string }[] = [];
  for (const { file, bytes } of readSmallFiles(files)) {
    try {
      const verdict = probeObjects(
        objectsOf(decodeText(bytes, file.name), file.name).filter(isObject).slice(0, EXAMINED_ROWS),
        'json-files',
        file.name,
        names,
      );
      if ('reason' in verdict) others.push({ file, reason: verdict.reason });
      else {
        const [table] = verdict;
        const key = JSON.stringify([table.columns, table.corpus]);
        const same = tables.get(key);
        if (same === undefined) tables.set(key, { table, files: [file] });
        else same.files.push(file);
      }
    } catch (error) {
      if (!(error instanceof UnreadableFileError)) throw error;
      broken.push({ file, reason: error.why });
    }
  }
  const largest = [...tables.values()].sort((a, b) => b.files.length - a.files.length)[0];
  if (largest === undefined) return { tables: [], others: [...others, ...broken] };
  if (broken.length > 0) {
    const all = new Set([...largest.files, ...broken.map(({ file }) => file)]);
    largest.files = files.filter((file) => all.has(file));
  }
  return { tables: [...tables.values()], others };
}
