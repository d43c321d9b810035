/** @file Growing columns of facts about rows, and grouping them by partition. */
import type { RowFacts } from './spill.js';

/** Facts about rows that are not written yet. The arrays have spare capacity. */
export interface RowColumns {
  readonly facts: Required<RowFacts>;
  /** Where the bytes of each row begin, followed by the end of the last. */
  readonly starts: Uint32Array;
  /** The partition of each row. */
  readonly partition: Uint8Array;
}

/** Makes columns with room for `capacity` rows. */
export function emptyColumns(capacity: number): RowColumns {
  const words = (perRow: number) => new Uint32Array(perRow * capacity);
  const facts = {
    pairHash: words(2),
    koHash: words(2),
    enHash: words(2),
    corpus: new Uint8Array(capacity),
    variant: words(1),
    source: words(1),
    index: words(1),
  };
  return { facts, starts: new Uint32Array(capacity + 1), partition: new Uint8Array(capacity) };
}

/** Copies columns into new ones with room for twice as many rows. */
export function grownColumns({ facts, starts, partition }: RowColumns): RowColumns {
  const larger = emptyColumns(2 * partition.length);
  for (const name of Object.keys(facts) as (keyof RowFacts)[]) larger.facts[name].set(facts[name]);
  larger.starts.set(starts);
  larger.partition.set(partition);
  return larger;
}

/** Counting sort: returns the rows in the order of their partitions, and where each partition begins among them. */
export function groupByPartition(
  partition: Uint8Array,
  partitions: number,
): { order: Uint32Array; rowStarts: Uint32Array } {
  const rowStarts = new Uint32Array(partitions + 1);
  for (const p of partition) rowStarts[p + 1]!++;
  for (let p = 0; p < partitions; p++) rowStarts[p + 1]! += rowStarts[p]!;
  const next = rowStarts.slice();
  const order = new Uint32Array(partition.length);
  for (let row = 0; row < partition.length; row++) order[next[partition[row]!]!++] = row;
  return { order, rowStarts };
}

/** Copies the facts about rows in another order, into arrays without spare capacity. */
export function pickFacts(facts: Required<RowFacts>, order: Uint32Array): RowFacts {
  const pairs = (words: Uint32Array): Uint32Array => {
    const picked = new Uint32Array(2 * order.length);
    for (let i = 0; i < order.length; i++) {
      picked[2 * i] = words[2 * order[i]!]!;
      picked[2 * i + 1] = words[2 * order[i]! + 1]!;
    }
    return picked;
  };
  const variant = Uint32Array.from(order, (row) => facts.variant[row]!);
  return {
    ...(variant.some((hash) => hash !== 0) && { variant }),
    pairHash: pairs(facts.pairHash),
    koHash: pairs(facts.koHash),
    enHash: pairs(facts.enHash),
    corpus: Uint8Array.from(order, (row) => facts.corpus[row]!),
    source: Uint32Array.from(order, (row) => facts.source[row]!),
    index: Uint32Array.from(order, (row) => facts.index[row]!),
  };
}
