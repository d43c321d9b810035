import type { TokenColumn, TokenTable } from './token-table.js';

/** Ids of one micro-batch, row-major. B = pairs in it, L = 77 ids a text. */
export interface Batch {
  /** B */
  readonly size: number;
  /** The teacher's ids of the English texts, `[B, L]`. */
  readonly teacherIds: Int32Array;
  /** The student's ids of the English texts, `[B, L]`. */
  readonly studentIdsEn: Int32Array;
  /** The student's ids of the Korean texts, `[B, L]`. */
  readonly studentIdsKo: Int32Array;
  /** Which rows of the token table these are, `[B]`. */
  readonly rows: Uint32Array;
}

/** The batches of an epoch, every epoch the same. The last one holds what is left over. */
export interface Batches extends Iterable<Batch> {
  /** Number of batches. */
  readonly count: number;
  /** Number of pairs. */
  readonly pairs: number;
  /** Batch `index`, from 0, in time that does not depend on `index`. */
  readonly at: (index: number) => Batch;
}

/** Cuts rows of a token table, in the given order, into batches of `batchSize`. */
export function batchesOf(table: TokenTable, rows: Uint32Array, batchSize: number): Batches {
  const count = Math.ceil(rows.length / batchSize);
  const at = (index: number): Batch => {
    if (!(index >= 0 && index < count)) throw new RangeError(`batch ${index} of ${count}`);
    return gather(table, rows.slice(index * batchSize, (index + 1) * batchSize));
  };
  return {
    count,
    pairs: rows.length,
    at,
    *[Symbol.iterator]() {
      for (let index = 0; index < count; index++) yield at(index);
    },
  };
}

function gather({ rowLength, teacherEn, studentEn, studentKo }: TokenTable, rows: Uint32Array): Batch {
  const idsOf = (column: TokenColumn): Int32Array => {
    const ids = new Int32Array(rows.length * rowLength); // [B, L]
    rows.forEach((row, i) => {
      column.copyRow(row, ids, i * rowLength);
    });
    return ids;
  };
  return {
    size: rows.length,
    teacherIds: idsOf(teacherEn),
    studentIdsEn: idsOf(studentEn),
    studentIdsKo: idsOf(studentKo),
    rows,
  };
}
