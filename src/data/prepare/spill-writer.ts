import { closeSync, openSync, writeSync } from 'node:fs';
import { fileError } from '../../base/system-errors.js';
import { hashBytes, hashPair, hashSeeded, PURPOSE } from './hash.js';
import { emptyColumns, groupByPartition, grownColumns, pickFacts } from './row-columns.js';
import { HEADER_BYTES, PARTITIONS, type Run } from './spill.js';

/** How many bytes of rows to buffer before writing a run. */
const RUN_BYTES = 32 << 20;

/** The rows of a run if the order of the files is kept, since each run becomes a shard then. */
const ORDERED_RUN_ROWS = 1 << 16;

/** The initial capacity, which grows. */
const FIRST_BYTES = 1 << 20;
const FIRST_ROWS = 1 << 12;

/** A row to be spilled. */
export interface SpillRow {
  readonly ko: string;
  readonly en: string;
  /** The texts in the form used for comparison. */
  readonly visibleKo: string;
  readonly visibleEn: string;
  readonly corpus: number;
  readonly source: number;
  readonly index: number;
  readonly file: string;
  readonly row: number;
}

/** Writes rows to its own spill file. */
export class SpillWriter {
  private readonly handle: number;
  private position = 0;
  private bytes = Buffer.allocUnsafe(FIRST_BYTES);
  private used = 0;
  private rows = emptyColumns(FIRST_ROWS);
  private count = 0;
  private names = new Map<string, number>();
  private readonly ready: Run[] = [];
  private readonly ko = new Uint32Array(2);
  private readonly en = new Uint32Array(2);
  private readonly pair = new Uint32Array(2);
  private readonly key = new Uint32Array(2);
  private readonly stored = new Uint32Array(2);

  /**
   * @param seed the seed of the order; undefined to keep the order of the files
   */
  constructor(
    private readonly path: string,
    private readonly seed: number | undefined,
  ) {
    this.handle = named(path, () => openSync(path, 'w'));
  }

  /** Adds a row. Its texts must be folded. */
  add(row: SpillRow): void {
    const { ko, en, pair, key, count } = this;
    this.reserve(HEADER_BYTES + 3 * (row.ko.length + row.en.length));
    const start = this.used;
    const koStart = start + HEADER_BYTES;
    const enStart = koStart + this.bytes.write(row.ko, koStart);
    const end = enStart + this.bytes.write(row.en, enStart);
    const isVariant = row.ko !== row.visibleKo || row.en !== row.visibleEn;
    if (isVariant) {
      hashText(row.visibleKo, ko);
      hashText(row.visibleEn, en);
    } else {
      hashBytes(this.bytes, koStart, enStart, ko);
      hashBytes(this.bytes, enStart, end, en);
    }
    hashPair(ko, en, pair);
    if (this.seed === undefined) {
      key[0] = row.index;
      key[1] = row.source;
    } else hashSeeded(pair[0]!, pair[1]!, this.seed, PURPOSE.order, key);

    const header = [key[0], key[1], this.nameNumber(row.file), row.row, enStart - koStart, end - enStart, row.corpus];
    for (const [i, word] of header.entries()) this.bytes.writeUInt32LE(word!, start + 4 * i);
    this.used = end;

    const { facts } = this.rows;
    facts.pairHash.set(pair, 2 * count);
    facts.koHash.set(ko, 2 * count);
    facts.enHash.set(en, 2 * count);
    facts.corpus[count] = row.corpus;
    facts.variant[count] = isVariant ? this.storedHash(koStart, end) : 0;
    facts.source[count] = row.source;
    facts.index[count] = row.index;
    this.rows.starts[count] = start;
    this.rows.partition[count] = this.seed === undefined ? 0 : key[1]! >>> 24;
    this.count++;
    this.rows.starts[this.count] = end;
    if (this.used >= RUN_BYTES || (this.seed === undefined && this.count === ORDERED_RUN_ROWS)) this.endRun();
  }

  /** Writes what is buffered, frees memory, and returns the runs written since the last call. */
  flush(): Run[] {
    this.endRun();
    this.bytes = Buffer.allocUnsafe(FIRST_BYTES);
    this.rows = emptyColumns(FIRST_ROWS);
    return this.ready.splice(0);
  }

  close(): void {
    closeSync(this.handle);
  }

  /** A non-zero hash of the texts as they are stored. */
  private storedHash(start: number, end: number): number {
    hashBytes(this.bytes, start, end, this.stored);
    return this.stored[0] === 0 ? 1 : this.stored[0]!;
  }

  private endRun(): void {
    if (this.count === 0) return;
    const partitions = this.seed === undefined ? 1 : PARTITIONS;
    const { order, rowStarts } = groupByPartition(this.rows.partition.subarray(0, this.count), partitions);
    const grouped = Buffer.allocUnsafe(this.used);
    const byteStarts = new Float64Array(partitions + 1);
    let at = 0;
    for (let partition = 0; partition < partitions; partition++) {
      byteStarts[partition] = this.position + at;
      for (let i = rowStarts[partition]!; i < rowStarts[partition + 1]!; i++) {
        const row = order[i]!;
        at += this.bytes.copy(grouped, at, this.rows.starts[row], this.rows.starts[row + 1]);
      }
    }
    byteStarts[partitions] = this.position + at;
    const names = Buffer.from(JSON.stringify([...this.names.keys()]));
    this.write(grouped);
    this.write(names);
    this.ready.push({
      file: this.path,
      facts: pickFacts(this.rows.facts, order),
      rowStarts,
      byteStarts,
      nameBytes: names.length,
    });
    this.used = 0;
    this.count = 0;
    this.names = new Map();
  }

  private write(bytes: Buffer): void {
    named(this.path, () => {
      for (let done = 0; done < bytes.length;) {
        const written = writeSync(this.handle, bytes, done, bytes.length - done);
        done += written;
        this.position += written;
      }
    });
  }

  private nameNumber(file: string): number {
    let number = this.names.get(file);
    if (number === undefined) this.names.set(file, (number = this.names.size));
    return number;
  }

  private reserve(bytes: number): void {
    if (this.used + bytes > this.bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(2 * this.bytes.length, this.used + bytes));
      this.bytes.copy(larger, 0, 0, this.used);
      this.bytes = larger;
    }
    if (this.count + 2 > this.rows.starts.length) this.rows = grownColumns(this.rows);
  }
}

function named<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw fileError(path, 'cannot be written', error);
  }
}

function hashText(text: string, out: Uint32Array): void {
  const bytes = Buffer.from(text);
  hashBytes(bytes, 0, bytes.length, out);
}
