import { join } from 'node:path';
import { writeFileAtomic } from '../../files.js';
import { SIDES, type Side } from '../store/schema.js';
import { ShardWriter } from '../store/shard-writer.js';
import type { ShardFile } from '../store/manifest.js';
import { readSegment, rowOf, type Segment } from './spill.js';
import { SIDE } from './sides.js';
import type { LongChoice } from './settings.js';

/** What turns a text into ids, such as the text room's tokenizers. */
export interface Encoder {
  /** Ids that a text is cut to: 77. */
  readonly maxLength: number;
  readonly padId: number;
  /** One more than the highest id. */
  readonly vocabSize: number;
  /** SHA-256, in hexadecimal, over the tokenizer's files; ids made without any have none. */
  readonly fingerprint?: string;
  /** Writes `maxLength` ids to `target` from index `at` on, and returns the number of tokens before cutting. */
  readonly encodeInto: (text: string, target: Int32Array, at: number) => number;
}

export interface Encoders {
  readonly teacher: Encoder;
  readonly student: Encoder;
}

/** A stretch of a spill file, and what each of its rows is used for. */
export interface EncodeSegment {
  readonly file: string;
  readonly from: number;
  readonly to: number;
  /** A `SIDE` a row. */
  readonly sides: Uint8Array;
  /** Number of the first row among all rows. */
  readonly firstRow: number;
}

/** Rows that become a shard of either side. */
export interface EncodeJob {
  readonly kind: 'encode';
  readonly shard: number;
  readonly segments: readonly EncodeSegment[];
  /** Rows at most; those with the lowest order keys. */
  readonly limit: number;
  readonly long: LongChoice;
  /** The folder of the files. */
  readonly folder: string;
}

/** The longest text that histograms tell apart; longer ones count as this long. */
export const LONGEST_COUNTED = 160;

export interface Encoded {
  /** Numbers of the rows used, in their order, and of those left out for their length. */
  readonly used: Uint32Array;
  readonly tooLong: Uint32Array;
  readonly files: readonly ShardFile[];
  /** Texts by their number of tokens before cutting, `[LONGEST_COUNTED + 1]`; of the columns in the order of `ID_COLUMNS`. */
  readonly lengths: readonly Uint32Array[];
}

/** Rows encoded between two calls of the callback. */
const STRIDE = 2000;

/** Encodes rows in the order of their keys, and writes them as shards. */
export async function encode(job: EncodeJob, encoders: Encoders, onEncoded: (rows: number) => void): Promise<Encoded> {
  const segments = job.segments.map(({ file, from, to }) => readSegment(file, from, to));
  const rows = sortedRows(job.segments, segments);
  const row = new RowEncoder(encoders);
  const writers = new Map<number, ShardWriter>();
  const used: number[] = [];
  const tooLong: number[] = [];
  let told = 0;
  for (const [done, { segment, place }] of rows.entries()) {
    if (used.length === job.limit) break;
    const { ko, en, corpus } = rowOf(segments[segment], place);
    const isLong = row.encode(ko.toString(), en.toString());
    const number = job.segments[segment].firstRow + place;
    if (isLong && job.long === 'drop') tooLong.push(number);
    else {
      const side = job.segments[segment].sides[place];
      writerOf(writers, side).add({ ko, en, corpus, ids: row.ids });
      used.push(number);
    }
    if ((done + 1) % STRIDE === 0) {
      onEncoded(STRIDE);
      told = done + 1;
    }
  }
  onEncoded(used.length + tooLong.length - told);
  const files = await writeShards(writers, job);
  return { used: Uint32Array.from(used), tooLong: Uint32Array.from(tooLong), files, lengths: row.lengths };
}

/** Ids of one pair after the other, in memory that is used again. */
class RowEncoder {
  ids: Int32Array[] = [];
  readonly lengths = [0, 1, 2].map(() => new Uint32Array(LONGEST_COUNTED + 1));
  private readonly buffers: Int32Array[];

  constructor(private readonly encoders: Encoders) {
    const { teacher, student } = encoders;
    this.buffers = [teacher, student, student].map(({ maxLength }) => new Int32Array(maxLength));
  }

  /** Fills `ids`, and tells whether a text was too long. */
  encode(ko: string, en: string): boolean {
    const { teacher, student } = this.encoders;
    let isLong = false;
    this.ids = [[teacher, en], [student, en], [student, ko]].map((pair, column) => {
      const [{ encodeInto, maxLength }, text] = pair as [Encoder, string];
      const length = encodeInto(text, this.buffers[column], 0);
      this.lengths[column][Math.min(length, LONGEST_COUNTED)]++;
      if (length > maxLength) isLong = true;
      return this.buffers[column].subarray(0, Math.min(length, maxLength));
    });
    return isLong;
  }
}

/** Rows in use, by order key; equal keys are equal pairs, and go by corpus. */
function sortedRows(jobs: readonly EncodeSegment[], segments: readonly Segment[]): { segment: number; place: number }[] {
  const rows: { segment: number; place: number; high: number; low: number }[] = [];
  for (const [segment, { keys }] of segments.entries()) {
    const { sides } = jobs[segment];
    for (let place = 0; place < sides.length; place++) {
      if (sides[place] !== SIDE.none) rows.push({ segment, place, low: keys[2 * place], high: keys[2 * place + 1] });
    }
  }
  const corpusOf = ({ segment, place }: { segment: number; place: number }): number => rowOf(segments[segment], place).corpus;
  return rows.sort((a, b) => a.high - b.high || a.low - b.low || corpusOf(a) - corpusOf(b));
}

function writerOf(writers: Map<number, ShardWriter>, side: number): ShardWriter {
  let writer = writers.get(side);
  if (writer === undefined) writers.set(side, (writer = new ShardWriter(sideName(side))));
  return writer;
}

async function writeShards(writers: ReadonlyMap<number, ShardWriter>, { folder, shard }: EncodeJob): Promise<ShardFile[]> {
  const files: ShardFile[] = [];
  for (const [side, writer] of writers) {
    const file = `${sideName(side)}-${String(shard).padStart(5, '0')}.arrow`;
    const { bytes, sha256 } = writer.finish();
    await writeFileAtomic(join(folder, file), bytes);
    files.push({ file, split: sideName(side), rows: writer.rows, bytes: bytes.length, sha256 });
  }
  return files;
}

function sideName(side: number): Side {
  return SIDES[side - 1];
}
