/** @file Reads judged pairs from Parquet, as the hub's datasets have them: the names of JSON, a column for each. */
import { openBuffer } from '../data/readers/random-access.js';
import { stsPairOf } from './sts-json.js';
import type { StsPair } from './sts.js';

/**
 * Reads the pairs of a Parquet file.
 *
 * @param path the file, for messages
 * @param checkCount is told how many rows there are at least, before they are taken
 * @throws InputError for a damaged or encrypted file, and for a row without score or sentences; whatever `checkCount`
 *   throws
 */
export async function parseStsParquet(
  bytes: Buffer,
  path: string,
  checkCount: (rows: number) => void,
): Promise<StsPair[]> {
  const { openParquet } = await import('../data/readers/parquet-file.js'); // slow to load, and rarely needed
  const { columns, read } = await openParquet(openBuffer(bytes, path));
  const pairs: StsPair[] = [];
  for await (const values of read(columns)) {
    const rows = values[0]?.length ?? 0;
    checkCount(pairs.length + rows);
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
