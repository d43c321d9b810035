/** @file Reads files of typed formats directly, without searching for sources, for tests. */
import { readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { isUnreadable, type Row } from '../../../src/data/pair.js';
import type { PairSource, Shape } from '../../../src/data/source.js';

/** A file of `tests/fixtures/formats`. */
export function fixture(name: string): string {
  return fileURLToPath(new URL(`../../fixtures/formats/${name}`, import.meta.url));
}

/** Makes a source of pairs from a file. */
export function sourceOf(path: string, columns = { ko: 'ko', en: 'en' }): PairSource {
  const name = path.split('/').at(-1)!;
  const file = { name, path, bytes: statSync(path).size };
  return { id: name, bytes: file.bytes, corpus: 'other', shape: 'csv' satisfies Shape, columns, files: [file] };
}

/** Reads all rows of a reader: `[ko, en]`, or the fault. */
export async function rowsOf(batches: AsyncIterable<readonly Row[]>): Promise<(string | [string, string])[]> {
  const rows: (string | [string, string])[] = [];
  for await (const batch of batches)
    rows.push(...batch.map((row) => (isUnreadable(row) ? row.fault : ([row.ko, row.en] as [string, string]))));
  return rows;
}

/** The pairs that the files in `tests/fixtures/formats` hold. */
export const PAIRS = Array.from({ length: 6 }, (_, i): [string, string] => [
  i === 2 ? '' : `빨간 공 ${i}개가 상자 위에 있다`,
  `${i} red balls are on a box`,
]);

/** Copies of a file truncated every 37 bytes, then with every `step`th byte changed, starting at `from`. */
export function* damagedCopies(path: string, from = 0, step = 5): Generator<Buffer> {
  const whole = readFileSync(path);
  for (let end = 0; end < whole.length; end += 37) yield whole.subarray(0, end);
  for (let at = from; at < whole.length; at += step) {
    const copy = Buffer.from(whole);
    copy[at] ^= 0xff;
    yield copy;
  }
}
