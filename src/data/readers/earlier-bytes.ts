import { KEY_BYTES } from './json-keys.js';

/** The bytes of a JSON element that were in earlier chunks of its file. */
export class EarlierBytes {
  private pieces: Buffer[] = [];
  /** How many there are. */
  bytes = 0;

  add(piece: Buffer): void {
    this.pieces.push(piece);
    this.bytes += piece.length;
  }

  clear(): void {
    this.pieces = [];
    this.bytes = 0;
  }

  /** These bytes and those that follow. */
  with(rest: Buffer): Buffer {
    return this.pieces.length === 0 ? rest : Buffer.concat([...this.pieces, rest]);
  }

  /** The last of these bytes and those that follow, as many as a key may have. */
  endWith(rest: Buffer): Buffer {
    const ends = [rest.subarray(-KEY_BYTES)];
    let missing = KEY_BYTES - ends[0]!.length;
    for (let i = this.pieces.length - 1; i >= 0 && missing > 0; i--) {
      const end = this.pieces[i]!.subarray(-missing);
      ends.unshift(end);
      missing -= end.length;
    }
    return Buffer.concat(ends);
  }

  /** Forgets all but the last bytes, with those that follow. */
  keepEnd(rest: Buffer): void {
    const end = this.endWith(rest);
    this.clear();
    this.add(end);
  }
}
