import { join } from 'node:path';
import { writeFileAtomic } from '../../base/files.js';
import { idTypes, type IdType } from '../store/schema.js';
import { SPLITS, type Split } from '../store/splits.js';
import { ShardWriter } from '../store/shard-writer.js';
import type { ShardFile } from '../store/manifest.js';
import { readSegment, rowOf, type Segment, type SpilledRow } from './spill.js';
import { SPLIT } from './splits.js';
import type { LongChoice } from './settings.js';
import { RowEncoder, type RowTokenizers } from './row-encoder.js';

/** A range of a spill file, with what each of its rows is used for. */
export interface EncodeSegment {
  readonly file: string;
  readonly from: number;
  readonly to: number;
  /** A `SPLIT` per row. */
  readonly splits: Uint8Array;
  /** The number of the first row among all rows. */
  readonly firstRow: number;
}

/** Rows that become one shard of each split. */
export interface EncodeJob {
  readonly kind: 'encode';
  readonly shard: number;
  readonly segments: readonly EncodeSegment[];
  /** The most rows to use: those with the lowest order keys. */
  readonly limit: number;
  readonly long: LongChoice;
  /** The folder of the files. */
  readonly folder: string;
}

/** The result of encoding rows. */
export interface Encoded {
  /** The numbers of the rows used, in order, and of those dropped as too long. */
  readonly used: Uint32Array;
  readonly tooLong: Uint32Array;
  readonly files: readonly ShardFile[];
  /** A histogram of tokens before truncation, `[LONGEST_COUNTED + 1]`, for each of `ID_COLUMNS`. */
  readonly lengths: readonly Uint32Array[];
}

/** How many rows to encode between calls of the callback. */
const STRIDE = 2000;

/** Encodes rows in the order of their keys and writes them as shards. */
export async function encode(
  job: EncodeJob,
  tokenizers: RowTokenizers,
  onEncoded: (rows: number) => void,
): Promise<Encoded> {
  const segments = job.segments.map(({ file, from, to }) => readSegment(file, from, to));
  const rows = sortedRows(job.segments, segments);
  const row = new RowEncoder(tokenizers);
  const writers = new Map<number, ShardWriter>();
  const types = idTypes({ teacher: tokenizers.teacher.vocabSize, student: tokenizers.student.vocabSize });
  const used: number[] = [];
  const tooLong: number[] = [];
  let told = 0;
  for (const [done, { segment, place }] of rows.entries()) {
    if (used.length === job.limit) break;
    const { ko, en, corpus } = rowOf(segments[segment]!, place);
    const isLong = row.encode(ko.toString(), en.toString());
    row.count();
    const number = job.segments[segment]!.firstRow + place;
    if (isLong && job.long === 'drop') tooLong.push(number);
    else {
      const split = job.segments[segment]!.splits[place]!;
      writerOf(writers, split, types).add({ ko, en, corpus, ids: row.ids });
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

/** The rows in use, sorted by order key. Equal keys mean equal pairs, which are sorted by corpus, then by spelling. */
function sortedRows(
  jobs: readonly EncodeSegment[],
  segments: readonly Segment[],
): { segment: number; place: number }[] {
  const rows: { segment: number; place: number; high: number; low: number }[] = [];
  for (const [segment, { keys }] of segments.entries()) {
    const { splits } = jobs[segment]!;
    for (let place = 0; place < splits.length; place++) {
      if (splits[place] !== SPLIT.none)
        rows.push({ segment, place, low: keys[2 * place]!, high: keys[2 * place + 1]! });
    }
  }
  const compareCopies = (a: SpilledRow, b: SpilledRow): number =>
    a.corpus - b.corpus || Buffer.compare(a.ko, b.ko) || Buffer.compare(a.en, b.en);
  const textsOf = ({ segment, place }: { segment: number; place: number }): SpilledRow =>
    rowOf(segments[segment]!, place);
  return rows.sort((a, b) => a.high - b.high || a.low - b.low || compareCopies(textsOf(a), textsOf(b)));
}

function writerOf(writers: Map<number, ShardWriter>, split: number, types: readonly IdType[]): ShardWriter {
  let writer = writers.get(split);
  if (writer === undefined) writers.set(split, (writer = new ShardWriter(splitName(split), types)));
  return writer;
}

async function writeShards(
  writers: ReadonlyMap<number, ShardWriter>,
  { folder, shard }: EncodeJob,
): Promise<ShardFile[]> {
  const files: ShardFile[] = [];
  for (const [split, writer] of writers) {
    const file = `${splitName(split)}-${String(shard).padStart(5, '0')}.arrow`;
    const { bytes, sha256 } = writer.finish();
    await writeFileAtomic(join(folder, file), bytes);
    files.push({ file, split: splitName(split), rows: writer.rows, bytes: bytes.length, sha256 });
  }
  return files;
}

function splitName(split: number): Split {
  return SPLITS[split - 1]!;
}
