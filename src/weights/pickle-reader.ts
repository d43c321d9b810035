import { InputError } from '../base/errors.js';
import { damagedFile } from './wording.js';

/**
 * Reads forward through a pickle, never past its end.
 *
 * Every method throws an `InputError` where the pickle ends too early or holds something else.
 */
export class PickleReader {
  position = 0;

  constructor(
    private readonly pickle: Uint8Array,
    private readonly location: string,
  ) {}

  bytes(count: number): Uint8Array {
    const left = this.pickle.length - this.position;
    if (count > left) {
      throw damagedFile(
        this.location,
        `expected ${count} more bytes of pickle at byte ${this.position}, found ${left}`,
      );
    }
    this.position += count;
    return this.pickle.subarray(this.position - count, this.position);
  }

  byte(): number {
    return this.bytes(1)[0]!;
  }

  view(count: number): DataView {
    const { buffer, byteOffset } = this.bytes(count);
    return new DataView(buffer, byteOffset, count);
  }

  /** A little-endian two's complement integer. */
  integer(count: number): number {
    if (count > 8) {
      throw damagedFile(
        this.location,
        `expected integers of at most 8 bytes, found one of ${count} at byte ${this.position}`,
      );
    }
    const value = this.bytes(count).reduceRight((total, byte) => (total << 8n) | BigInt(byte), 0n);
    return Number(BigInt.asIntN(count * 8, value));
  }

  text(count: number): string {
    const start = this.position;
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.bytes(count));
    } catch (error) {
      if (error instanceof InputError) throw error;
      throw damagedFile(this.location, `expected text in UTF-8 at byte ${start} of the pickle, found other bytes`);
    }
  }

  /** Text up to a line feed. */
  line(): string {
    const end = this.pickle.indexOf(0x0a, this.position);
    const text = this.text((end < 0 ? this.pickle.length : end) - this.position);
    this.byte();
    return text;
  }
}
