import type { PairSource } from '../sources.js';

/** The bytes per row that are assumed until a source has been read to its end. */
const USUAL_ROW_BYTES = 400;

/** An estimate of how many rows sources have, from those read so far. */
export interface RowEstimate {
  /** Rows read so far. */
  readonly rows: number;
  add(rows: number, source: number, isEnd: boolean): void;
  /** About how many rows there are in all. */
  total(): number;
}

/** Estimates rows from the sizes of sources, refined by the bytes per row of those already read. */
export function rowEstimate(sources: readonly PairSource[]): RowEstimate {
  const open = new Map(sources.map((source, number) => [number, { bytes: source.bytes, rows: 0 }]));
  const ended = { bytes: 0, rows: 0 };
  let openBytes = sources.reduce((sum, { bytes }) => sum + bytes, 0);
  let rows = 0;
  return {
    get rows() {
      return rows;
    },
    add(count, number, isEnd) {
      rows += count;
      const source = open.get(number)!;
      source.rows += count;
      if (!isEnd) return;
      open.delete(number);
      openBytes -= source.bytes;
      ended.bytes += source.bytes;
      ended.rows += source.rows;
    },
    total() {
      const rowBytes = ended.rows > 0 ? ended.bytes / ended.rows : USUAL_ROW_BYTES;
      return Math.max(rows, Math.round(ended.rows + openBytes / rowBytes));
    },
  };
}
