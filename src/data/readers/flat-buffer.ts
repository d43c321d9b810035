/** @file Reads FlatBuffers (flatbuffers.dev/internals), the format of Arrow's messages. */

/** A table. Every offset is checked. */
export class Table {
  private constructor(
    private readonly bytes: Buffer,
    /** Its place in the bytes. */
    readonly at: number,
  ) {
    const fields = this.fieldsAt();
    this.check(fields, Math.max(4, this.word(fields)));
  }

  static root(bytes: Buffer): Table {
    if (bytes.length < 8) throw new Error('a message that is cut off');
    return new Table(bytes, bytes.readUInt32LE(0));
  }

  byte(field: number): number {
    const at = this.place(field, 1);
    return at === undefined ? 0 : this.bytes[at]!;
  }

  /** A non-negative number. */
  long(field: number): number {
    const at = this.place(field, 8);
    return at === undefined ? 0 : this.longAt(at);
  }

  longAt(at: number): number {
    this.check(at, 8);
    const value = Number(this.bytes.readBigInt64LE(at));
    if (!(value >= 0)) throw new Error('a negative length');
    return value;
  }

  /** A non-negative number of 32 bits. */
  wordAt(at: number): number {
    this.check(at, 4);
    return this.bytes.readUInt32LE(at);
  }

  table(field: number): Table | undefined {
    const at = this.place(field, 4);
    return at === undefined ? undefined : new Table(this.bytes, at + this.bytes.readUInt32LE(at));
  }

  /** The positions of the elements of a vector. */
  vector(field: number, size: number): number[] {
    const place = this.place(field, 4);
    if (place === undefined) return [];
    const at = place + this.bytes.readUInt32LE(place);
    this.check(at, 4);
    const count = this.bytes.readUInt32LE(at);
    this.check(at + 4, count * size);
    return Array.from({ length: count }, (_, i) => at + 4 + i * size);
  }

  tables(field: number): Table[] {
    return this.vector(field, 4).map((at) => new Table(this.bytes, at + this.bytes.readUInt32LE(at)));
  }

  /** A text, empty if there is none. */
  text(field: number): string {
    const place = this.place(field, 4);
    if (place === undefined) return '';
    const at = place + this.bytes.readUInt32LE(place);
    this.check(at, 4);
    const end = at + 4 + this.bytes.readUInt32LE(at);
    this.check(at, end - at);
    return this.bytes.toString('utf8', at + 4, end);
  }

  /** Removes all elements of a vector but those at the given indices, in the bytes. Throws if there are fewer. */
  keepElements(field: number, size: number, kept: readonly number[]): void {
    this.keep(this.vector(field, size), kept, (from, to) => {
      this.bytes.copyWithin(to, from, from + size);
    });
  }

  /** The same for a vector of tables. */
  keepTables(field: number, kept: readonly number[]): void {
    this.keep(this.vector(field, 4), kept, (from, to) => {
      this.bytes.writeUInt32LE(this.bytes.readUInt32LE(from) + from - to, to); // counted from its own place
    });
  }

  private keep(places: readonly number[], kept: readonly number[], move: (from: number, to: number) => void): void {
    if (places.length === 0 && kept.length === 0) return;
    if ((kept.at(-1) ?? 0) >= places.length) throw new Error(`a vector of only ${places.length} elements`);
    for (const [to, from] of kept.entries()) move(places[from]!, places[to]!);
    this.bytes.writeUInt32LE(kept.length, places[0]! - 4);
  }

  private place(field: number, size: number): number | undefined {
    const fields = this.fieldsAt();
    const slot = 4 + 2 * field;
    const offset = slot + 2 <= this.word(fields) ? this.word(fields + slot) : 0;
    if (offset === 0) return undefined;
    this.check(this.at + offset, size);
    return this.at + offset;
  }

  private fieldsAt(): number {
    this.check(this.at, 4);
    return this.at - this.bytes.readInt32LE(this.at);
  }

  private word(at: number): number {
    this.check(at, 2);
    return this.bytes.readUInt16LE(at);
  }

  private check(at: number, size: number): void {
    if (!(at >= 0 && at + size <= this.bytes.length)) throw new Error('a message with a place beyond its end');
  }
}
