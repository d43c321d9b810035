/** @file Finds rows that are too long, if that must be known before duplicates are removed. */
import { setImmediate } from 'node:timers/promises';
import { RowEncoder, type RowTokenizers } from './row-encoder.js';
import { readSegment, rowOf, type Run } from './spill.js';

/** The rows of a run to measure. */
export interface MeasureJob {
  readonly kind: 'measure';
  readonly run: Pick<Run, 'file' | 'rowStarts' | 'byteStarts'>;
  /** 1 for a row to measure, else 0. */
  readonly wanted: Uint8Array;
}

/** The result of measuring a run's rows. */
export interface Measured {
  /** The numbers, within the run, of the rows that are too long. */
  readonly tooLong: Uint32Array;
  /** The lengths of their texts, as in `Encoded`. */
  readonly lengths: readonly Uint32Array[];
}

/** Encodes the requested rows of a run, and keeps the lengths of those that are too long. */
export async function measure({ run, wanted }: MeasureJob, tokenizers: RowTokenizers): Promise<Measured> {
  const { file, rowStarts, byteStarts } = run;
  const row = new RowEncoder(tokenizers);
  const tooLong: number[] = [];
  for (let partition = 0; partition + 1 < rowStarts.length; partition++) {
    const [first, end] = [rowStarts[partition], rowStarts[partition + 1]];
    if (!wanted.subarray(first, end).includes(1)) continue;
    const segment = readSegment(file, byteStarts[partition]!, byteStarts[partition + 1]!);
    for (let number = first; number! < end!; number!++) {
      if (wanted[number!] === 0) continue;
      const { ko, en } = rowOf(segment, number! - first!);
      if (!row.encode(ko.toString(), en.toString())) continue;
      row.count();
      tooLong.push(number!);
    }
    await setImmediate(); // lets signals and timers be handled
  }
  return { tooLong: Uint32Array.from(tooLong), lengths: row.lengths };
}
