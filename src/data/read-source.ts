import { formatOf } from './formats.js';
import type { OnOthers } from './format.js';
import type { Pair, Row } from './pair.js';
import type { PairSource } from './source.js';

/**
 * The rows of a source, one by one, in order: pairs, and rows that could not be read. Throws an `InputError` for a file
 * that is damaged as a whole.
 */
export async function* readSource(source: PairSource): AsyncGenerator<Row> {
  for await (const rows of readBatches(source)) yield* rows;
}

/** The same rows in batches, as they arrive, and then what else is in the source. */
export function readBatches(source: PairSource, onOthers?: OnOthers): AsyncGenerator<Row[]> {
  return formatOf(source.shape).read(source, onOthers);
}

/** The first pairs of a source. */
export async function firstPairs(source: PairSource, count: number): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for await (const row of readSource(source)) {
    if ('ko' in row && pairs.push(row) === count) break;
  }
  return pairs;
}
