import type { NumberedRow, OrderedRows } from './row-order.js';
import type { IdColumn } from './store/id-columns.js';

/** The ids of one micro-batch, row-major. B = pairs in it, L = 77 ids per text. */
export interface Batch {
  /** B */
  readonly size: number;
  /** The teacher's ids of the English texts, `[B, L]`. */
  readonly teacherIds: Int32Array;
  /** The student's ids of the English texts, `[B, L]`. */
  readonly studentIdsEn: Int32Array;
  /** The student's ids of the Korean texts, `[B, L]`. */
  readonly studentIdsKo: Int32Array;
  /** The length of the student's longest text, in either language, without padding. The ids may be cut there. */
  readonly studentTokens: number;
  /** Which rows of the data these are, `[B]`. */
  readonly rows: Uint32Array;
  /** The teacher's outputs for the English texts, `[B, L, D]` or `[B, D]`, if they are known. */
  readonly target?: Float32Array | undefined;
}

/** The pairs in a step's micro-batches. */
export function countPairs(microBatches: readonly Batch[]): number {
  return microBatches.reduce((sum, batch) => sum + batch.size, 0);
}

/** The batches of an epoch. The last one holds the remainder. */
export interface Batches {
  /** Number of batches. */
  readonly count: number;
  /** Number of pairs. */
  readonly pairs: number;
  /** Reads batch `index` of an epoch, both from 0, in time independent of `index`. */
  readonly at: (index: number, epoch?: number) => Promise<Batch>;
}

/** How texts are padded. */
export interface Padding {
  /** L */
  readonly length: number;
  readonly teacher: number;
  readonly student: number;
}

/** How many batches to prefetch. */
const READ_AHEAD = 2;

/** Cuts rows into batches of `batchSize`. Reading a batch also starts prefetching the ones after it. */
export function batchesOf(rows: OrderedRows, batchSize: number, padding: Padding): Batches {
  const count = Math.ceil(rows.count / batchSize);
  const read = (index: number, epoch: number): Promise<readonly NumberedRow[]> => {
    const start = index * batchSize;
    return rows.read(start, Math.min(batchSize, rows.count - start), epoch);
  };
  const at = async (index: number, epoch = 0): Promise<Batch> => {
    if (!(index >= 0 && index < count)) throw new RangeError(`batch ${index} of ${count}`);
    const found = read(index, epoch);
    for (let next = index + 1; next <= Math.min(index + READ_AHEAD, count - 1); next++) {
      read(next, epoch).catch(() => undefined); // the error is thrown when that batch is requested
    }
    return gather(await found, padding);
  };
  return { count, pairs: rows.count, at };
}

function gather(rows: readonly NumberedRow[], { length, teacher, student }: Padding): Batch {
  const idsOf = (column: IdColumn, padId: number): Int32Array => {
    const padded = new Int32Array(rows.length * length).fill(padId); // [B, L]
    rows.forEach(({ block, place }, i) => {
      const { ids, starts } = block.columns[column];
      padded.set(ids.subarray(starts[place], starts[place + 1]), i * length);
    });
    return padded;
  };
  const tokens = ({ block, place }: NumberedRow, column: IdColumn): number => {
    const { starts } = block.columns[column];
    return starts[place + 1]! - starts[place]!;
  };
  return {
    size: rows.length,
    teacherIds: idsOf('teacher_en', teacher),
    studentIdsEn: idsOf('student_en', student),
    studentIdsKo: idsOf('student_ko', student),
    studentTokens: Math.max(...rows.map((row) => Math.max(tokens(row, 'student_en'), tokens(row, 'student_ko')))),
    rows: Uint32Array.from(rows, ({ row }) => row),
  };
}
