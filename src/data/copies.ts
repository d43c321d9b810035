/** @file Files with the same pairs, which count once. */
import path from 'node:path';
import { firstPairs } from './read-source.js';
import type { PairSource, SkippedFile } from './source.js';

/** Pairs at the beginning of two files that are compared. */
const COMPARED = 20;

/** How many of them must be equal: one of the files may have been corrected by hand. */
const SAME = 0.5;

/**
 * Leaves out sources whose pairs another one has. Two files are copies where corpus and name (without its ending) are
 * the same, half of the first 20 pairs at least, and
 * - one is the CSV and the other the JSON of a set of the technology or social-science corpus: the CSV is kept; or
 * - they have the same shape and size, such as an archive's and the one unpacked beside it: the unpacked one is kept.
 *
 * Sources must come in their order, so that what is kept does not depend on the system's.
 */
export async function withoutCopies(
  sources: readonly PairSource[],
): Promise<{ kept: PairSource[]; copies: SkippedFile[] }> {
  const preferred = [...sources].sort((a, b) => preference(a) - preference(b));
  const byTitle = new Map<string, PairSource[]>();
  const copies = new Map<PairSource, PairSource>();
  for (const source of preferred) {
    const key = `${source.corpus} ${titleOf(source)}`;
    const others = byTitle.get(key) ?? [];
    byTitle.set(key, others);
    const original = await findOriginal(source, others);
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

/** Lower numbers are kept: unpacked before packed, CSV before JSON. */
function preference({ files, shape }: PairSource): number {
  return (files[0]!.member === undefined ? 0 : 2) + (shape === 'json' ? 1 : 0);
}

async function findOriginal(source: PairSource, others: readonly PairSource[]): Promise<PairSource | undefined> {
  for (const other of others) {
    if ((isTwin(source, other) || isSameFile(source, other)) && (await beginAlike(source, other))) return other;
  }
  return undefined;
}

function isTwin(a: PairSource, b: PairSource): boolean {
  const shapes = [a.shape, b.shape].sort().join(' ');
  return shapes === 'csv json' && (a.corpus === 'technology' || a.corpus === 'social-science');
}

function isSameFile(a: PairSource, b: PairSource): boolean {
  const isPacked = a.files[0]!.isGzip !== b.files[0]!.isGzip; // their size is then an estimate
  return a.shape === b.shape && (isPacked || a.bytes === b.bytes) && a.files.length === b.files.length;
}

async function beginAlike(a: PairSource, b: PairSource): Promise<boolean> {
  const [first, second] = [await beginning(a), await beginning(b)];
  const same = first.filter((pair) => second.includes(pair)).length;
  return same > 0 && same >= SAME * Math.max(first.length, second.length);
}

async function beginning(source: PairSource): Promise<string[]> {
  return (await firstPairs(source, COMPARED)).map(({ ko, en }) =>
    JSON.stringify([ko, en].map((text) => text.normalize('NFC').trim())),
  );
}
