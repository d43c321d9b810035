/** @file Reads judged pairs from Parquet, as the hub's datasets have them: the names of JSON, a column for each. */
import { InputError } from '../base/errors.js';
import { openBuffer } from '../data/readers/random-access.js';
import { stsPairOf } from './sts-json.js';
import type { StsPair } from './sts.js';

/**
 * Reads the pairs of a Parquet file.
 *
 * @param path the file, for messages
 * @param limit how many rows it may have, and what to do about more
 * @throws InputError for a damaged or encrypted file, for too many rows, and for a row without score or sentences
 */
export async function parseStsParquet(
  bytes: Buffer,
  path: string,
  limit: { readonly rows: number; readonly remedy: string },
): Promise<StsPair[]> {
  const { openParquet } = await import('../data/readers/parquet-file.js'); // slow to load, and rarely needed
  const { columns, read } = await openParquet(openBuffer(bytes, path));
  const pairs: StsPair[] = [];
  for await (const values of read(columns)) {
    const rows = values[0]?.length ?? 0;
    if (pairs.length + rows > limit.rows)
      throw new InputError(`${path}: expected at most ${limit.rows} rows, got more; ${limit.remedy}`);
    for (let row = 0; row < rows; row++) {
      const cells = columns.map((column, i) => [column, values[i]![row]] as const);
      pairs.push(stsPairOf(nested(cells), `${path} row ${pairs.length + 1}`));
    }
  }
  return pairs;
}

/** An object from its leaves: `labels.label` becomes `{ labels: { label } }`. Large integers become numbers. */
function nested(leaves: readonly (readonly [path: string, value: unknown])[]): Record<string, unknown> {
  const object: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [path, value] of leaves) {
    const plain = typeof value === 'bigint' ? Number(value) : value;
    const dot = path.indexOf('.');
    if (dot === -1) object[path] = plain;
    else {
      const outer = (object[path.slice(0, dot)] ??= Object.create(null)) as Record<string, unknown>;
      outer[path.slice(dot + 1)] = plain;
    }
  }
  return object;
}
