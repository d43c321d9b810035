/** @file Finds files with the same pairs, so that each counts only once. */
import path from 'node:path';
import { isPacked, SourceContents } from './source-contents.js';
import type { SkippedFile } from './skipped-file.js';
import type { PairSource } from './source.js';

/** How many of the compared pairs of twins must be equal, since one of the files may have been corrected by hand. */
const SAME = 0.5;

/**
 * Removes sources whose pairs are in another source. Two files are copies if corpus and name (without extension) are
 * equal, and
 * - one is the CSV and the other the JSON of a set of the technology or social-science corpus, and at least half of the
 *   first and of the last 20 pairs are equal (Excel cuts a CSV at 1,048,576 rows): the CSV is kept; or
 * - they have the same bytes, such as a file in an archive and its unpacked copy beside it: the unpacked one is kept.
 *
 * Sources must be sorted, so that the choice does not depend on the file system's order.
 */
export async function withoutCopies(
  sources: readonly PairSource[],
): Promise<{ kept: PairSource[]; copies: SkippedFile[] }> {
  const preferred = [...sources].sort((a, b) => preference(a) - preference(b));
  const byTitle = new Map<string, PairSource[]>();
  const contents = new SourceContents();
  const copies = new Map<PairSource, PairSource>();
  for (const source of preferred) {
    const key = `${source.corpus} ${titleOf(source)}`;
    const others = byTitle.get(key) ?? [];
    byTitle.set(key, others);
    const original = await findOriginal(source, others, contents);
    if (original === undefined) others.push(source);
    else copies.set(source, original);
  }
  return {
    kept: sources.filter((source) => !copies.has(source)),
    copies: sources
      .filter((source) => copies.has(source))
      .map((source) => ({ file: source.id, why: `the same pairs as ${copies.get(source)!.id}` })),
  };
}

/** The name of a file without its extension, or of the folder of small files; archives count as folders. */
export function titleOf({ id, shape }: PairSource): string {
  const name = path.posix.basename(shape === 'json-files' ? path.posix.dirname(id) : id);
  return name.replace(/(\.[a-z]+)?(\.gz)?$/i, '').toLowerCase();
}

/** The preference of a source; the lowest is kept. Unpacked comes before packed, CSV before JSON. */
function preference({ files, shape }: PairSource): number {
  return (files[0]!.member === undefined ? 0 : 2) + (shape === 'json' ? 1 : 0);
}

async function findOriginal(
  source: PairSource,
  others: readonly PairSource[],
  contents: SourceContents,
): Promise<PairSource | undefined> {
  for (const other of others) {
    if (!isTwin(source, other) && !mayBeSameFile(source, other)) continue;
    if (!areAlike(await contents.first(source), await contents.first(other))) continue;
    if (isTwin(source, other) && areAlike(await contents.last(source), await contents.last(other))) return other;
    if (mayBeSameFile(source, other) && (await contents.digest(source)) === (await contents.digest(other)))
      return other;
  }
  return undefined;
}

function isTwin(a: PairSource, b: PairSource): boolean {
  const shapes = [a.shape, b.shape].sort().join(' ');
  return shapes === 'csv json' && (a.corpus === 'technology' || a.corpus === 'social-science');
}

function mayBeSameFile(a: PairSource, b: PairSource): boolean {
  return (
    a.shape === b.shape && (isPacked(a) || isPacked(b) || a.bytes === b.bytes) && a.files.length === b.files.length
  );
}

function areAlike(first: readonly string[], second: readonly string[]): boolean {
  const same = first.filter((pair) => second.includes(pair)).length;
  return same > 0 && same >= SAME * Math.max(first.length, second.length);
}
