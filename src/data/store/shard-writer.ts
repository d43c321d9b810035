import { createHash } from 'node:crypto';
import {
  makeData,
  RecordBatch,
  RecordBatchFileWriter,
  Struct,
  Utf8,
  vectorFromArray,
  type Data,
  type Schema,
} from 'apache-arrow';
import { CORPORA } from '../corpus-name.js';
import { BATCH_ROWS, CORPUS_TYPE, listOfIds, SPLIT_TYPE, storeSchema, type IdType } from './schema.js';
import { SPLITS, type Split } from './splits.js';

/** A row of a token store. */
export interface StoreRow {
  /** UTF-8 */
  readonly ko: Uint8Array;
  readonly en: Uint8Array;
  /** Corpus number. */
  readonly corpus: number;
  /** In the order of `ID_COLUMNS`, without padding. */
  readonly ids: readonly Int32Array[];
}

const CORPUS_NAMES = vectorFromArray([...CORPORA], new Utf8());
const SPLIT_NAMES = vectorFromArray([...SPLITS], new Utf8());

/** Lists of values stored consecutively, with the start of each. */
class Lists<T extends Uint8Array | Uint16Array | Uint32Array> {
  readonly offsets = new Int32Array(BATCH_ROWS + 1);
  values: T;
  count = 0;

  constructor(private readonly type: new (length: number) => T) {
    this.values = new type(1 << 16);
  }

  add(list: ArrayLike<number>): void {
    const start = this.offsets[this.count]!;
    const end = start + list.length;
    if (end > this.values.length) {
      const larger = new this.type(2 * end);
      larger.set(this.values);
      this.values = larger;
    }
    this.values.set(list, start);
    this.offsets[++this.count] = end;
  }

  /** Returns what was added, in new buffers, and empties the list. */
  take(): { length: number; valueOffsets: Int32Array; data: T } {
    const { count, offsets, values } = this;
    const taken = {
      length: count,
      valueOffsets: offsets.slice(0, count + 1),
      data: values.slice(0, offsets[count]) as T,
    };
    this.count = 0;
    return taken;
  }
}

/** Builds one Arrow IPC file in memory. Equal rows make equal bytes. */
export class ShardWriter {
  rows = 0;
  private readonly writer = new RecordBatchFileWriter();
  private readonly ko = new Lists(Uint8Array);
  private readonly en = new Lists(Uint8Array);
  private readonly schema: Schema;
  private readonly ids: readonly Lists<Uint16Array | Uint32Array>[];
  private readonly corpus = new Int8Array(BATCH_ROWS);

  /** @param types those of the ids, in the order of `ID_COLUMNS` */
  constructor(
    private readonly split: Split,
    private readonly types: readonly IdType[],
  ) {
    this.schema = storeSchema(types);
    this.ids = types.map((type) => new Lists<Uint16Array | Uint32Array>(type.ArrayType));
  }

  add(row: StoreRow): void {
    this.corpus[this.ko.count] = row.corpus;
    this.ko.add(row.ko);
    this.en.add(row.en);
    for (const [i, column] of this.ids.entries()) column.add(row.ids[i]!);
    this.rows++;
    if (this.ko.count === BATCH_ROWS) this.endBatch();
  }

  /** The file's bytes, and their SHA-256 in hexadecimal. */
  finish(): { bytes: Uint8Array; sha256: string } {
    if (this.ko.count > 0) this.endBatch();
    this.writer.finish();
    const bytes = this.writer.toUint8Array(true);
    return { bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
  }

  private endBatch(): void {
    const length = this.ko.count;
    const children: Data[] = [
      makeData({ type: new Utf8(), nullCount: 0, ...this.ko.take() }),
      makeData({ type: new Utf8(), nullCount: 0, ...this.en.take() }),
      makeData({
        type: CORPUS_TYPE,
        length,
        nullCount: 0,
        data: this.corpus.slice(0, length),
        dictionary: CORPUS_NAMES,
      }),
      makeData({
        type: SPLIT_TYPE,
        length,
        nullCount: 0,
        data: new Int8Array(length).fill(SPLITS.indexOf(this.split)),
        dictionary: SPLIT_NAMES,
      }),
      ...this.ids.map((column, i) => {
        const type = this.types[i]!;
        const { data, valueOffsets } = column.take();
        const child = makeData<IdType>({ type, length: data.length, nullCount: 0, data });
        return makeData({ type: listOfIds(type), length, nullCount: 0, valueOffsets, child });
      }),
    ];
    const struct = makeData({ type: new Struct(this.schema.fields), length, nullCount: 0, children });
    this.writer.write(new RecordBatch(this.schema, struct));
  }
}
