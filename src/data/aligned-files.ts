/** @file Finds pairs of aligned text files among the files of a search. */
import { isCompressed, sidesOf } from './aligned-names.js';
import type { ColumnNames } from './columns.js';
import { isNoPairs } from './format.js';
import { probeFile } from './probe.js';
import type { StoredFile } from './readers/stored-file.js';
import type { PairSource } from './source.js';
import { DamagedArchiveError, UnreadableFileError } from './unreadable-file.js';

/** Two files by their names: the Korean one and the English one. */
export type AlignedFiles = readonly [ko: StoredFile, en: StoredFile];

/** Files with the name of a side, and the sides that they may be. */
interface Candidates {
  readonly ko: StoredFile[];
  readonly en: StoredFile[];
}

/** The pairs of files whose names say that they are aligned, each file in one pair. */
export function alignedAmong(files: readonly StoredFile[]): AlignedFiles[] {
  const found = files.flatMap((file) => {
    const sides = sidesOf(file.name);
    return sides.length === 0 ? [] : [{ file, sides }];
  });
  const most = found.reduce((count, { sides }) => Math.max(count, sides.length), 0);
  const taken = new Set<StoredFile>();
  const pairs: AlignedFiles[] = [];
  for (let choice = 0; choice < most; choice++) {
    const byKey = new Map<string, Candidates>();
    for (const { file, sides } of found) {
      const side = sides[choice];
      if (side === undefined || taken.has(file)) continue;
      const candidates = byKey.get(side.key) ?? { ko: [], en: [] };
      byKey.set(side.key, candidates);
      candidates[side.language].push(file);
    }
    for (const pair of [...byKey.values()].flatMap(pairsAmong)) {
      pairs.push(pair);
      for (const file of pair) taken.add(file);
    }
  }
  return pairs;
}

/** The only two files of a name, after those that are both compressed, or both not. */
function pairsAmong(all: Candidates): AlignedFiles[] {
  const alike = [false, true].map((compressed): Candidates => {
    const those = (files: readonly StoredFile[]) => files.filter(({ name }) => isCompressed(name) === compressed);
    return { ko: those(all.ko), en: those(all.en) };
  });
  const pairs = alike.flatMap(onlyPair);
  return pairs.length === 0 ? onlyPair(all) : pairs;
}

function onlyPair({ ko, en }: Candidates): AlignedFiles[] {
  return ko.length === 1 && en.length === 1 ? [[ko[0]!, en[0]!]] : [];
}

/** Two aligned files as a source, if both are plain text. Throws a `DamagedArchiveError`. */
export async function alignedSource(both: AlignedFiles, names: ColumnNames): Promise<PairSource | undefined> {
  const files: StoredFile[] = [];
  for (const stored of both) {
    try {
      const { file, verdict } = await probeFile(stored, names);
      if (verdict === 'archive' || !isNoPairs(verdict)) return undefined;
      files.push(file);
    } catch (error) {
      if (error instanceof UnreadableFileError && !(error instanceof DamagedArchiveError)) return undefined;
      throw error;
    }
  }
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  return { id: files[0]!.name, bytes, corpus: 'other', shape: 'aligned', columns: { ko: 'ko', en: 'en' }, files };
}

/** Why a file that is one side of aligned files, by its name, is not read; undefined for any other file. */
export function whyAlone({ name }: StoredFile, others: readonly StoredFile[]): string | undefined {
  const side = sidesOf(name).find(({ isCertain }) => isCertain);
  if (side === undefined) return undefined;
  const languages = others.flatMap((other) => {
    const same = sidesOf(other.name).find(({ key }) => key === side.key);
    return same === undefined ? [] : [same.language];
  });
  const wanted = side.language === 'ko' ? 'English' : 'Korean';
  for (const [language, title] of [
    ['ko', 'Korean'],
    ['en', 'English'],
  ] as const) {
    const count = languages.filter((each) => each === language).length;
    if (count > 1) return `expected two aligned files, got ${count} ${title} ones of this name; leave one of them`;
  }
  return `expected two aligned files, got no ${wanted} one of this name beside it; put it there`;
}
